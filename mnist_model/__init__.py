"""A handwritten-digit recogniser; it knows nothing of TorchServe, HTTP or the page.

Data flows one way through its modules: idx -> dataset -> augmentation -> model -> training -> checkpoint -> predictor.
"""

__version__ = "0.1.0"
