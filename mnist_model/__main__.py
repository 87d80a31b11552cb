"""`python -m mnist_model` is the `mnist` command."""

import sys

from .cli import main

sys.exit(main())
