"""Brings the walk-through into the form in which it is kept: no outputs, no counts, nothing of the machine it ran on.

    python -m tests.notebook

Run it after an edit in Jupyter; the diff is then what was edited.
"""

import nbformat

from mnist_model.archive import ROOT

NOTEBOOK = ROOT / "notebooks" / "train.ipynb"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def as_kept(text: str) -> str:
    """The notebook with its cells' sources, ids and tags, and nothing else."""
    notebook = nbformat.reads(text, as_version=4)
    cells = []
    for cell in notebook.cells:
        metadata = {"tags": cell.metadata.tags} if cell.metadata.get("tags") else {}
        kept = {"cell_type": cell.cell_type, "id": cell.id, "metadata": metadata, "source": cell.source}
        cells.append(kept | ({"outputs": [], "execution_count": None} if cell.cell_type == "code" else {}))
    written: str = nbformat.writes(
        nbformat.from_dict({"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5})
    )
    return written + "\n"


if __name__ == "__main__":
    NOTEBOOK.write_text(as_kept(NOTEBOOK.read_text(encoding="utf-8")), encoding="utf-8")
