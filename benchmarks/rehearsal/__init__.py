"""A cut-over of 100 000 people, replayed against the running service; every count has to agree to the last one."""
