"""The servers that `make bench` compares ours with: each a short program, tuned as README.md says."""
