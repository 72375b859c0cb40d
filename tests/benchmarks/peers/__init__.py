"""The peers: the same work as each project's documentation would write it. Never imported by ours."""
