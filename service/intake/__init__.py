"""Submissions on their way in: three kinds of body, checked and stored as they stream."""
