"""A pipeline in this process, without a server and without Redis: the same decoding, steps and encoding as a job's."""
