"""What values take once they are written out that an array holds once and shows many times: views and runs."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_VIEW_BYTES = 16


def written_out(array: Any) -> int:
    """The bytes of an array's values, each as often as it is shown, beyond those that its buffers hold; 0 for most."""
    type_ = array.type
    if pa.types.is_string_view(type_) or pa.types.is_binary_view(type_):
        return _of_views(array)
    if pa.types.is_run_end_encoded(type_):
        return len(array) * _largest(array.values)
    if pa.types.is_list_view(type_) or pa.types.is_large_list_view(type_):
        return int(pc.sum(array.sizes).as_py() or 0) * _largest(array.values)
    if pa.types.is_struct(type_):
        return sum(written_out(array.field(place)) for place in range(type_.num_fields))
    if pa.types.is_list(type_) or pa.types.is_large_list(type_) or pa.types.is_fixed_size_list(type_):
        return written_out(array.values)
    if pa.types.is_null(type_):
        return 8 * len(array)  # an object each, in a frame
    return 0


def _of_views(array: Any) -> int:
    views = array.buffers()[1]
    if views is None or not len(array):
        return 0
    lengths = np.frombuffer(views, np.int32)[:: _VIEW_BYTES // 4]
    return int(lengths[array.offset : array.offset + len(array)].sum(dtype=np.int64))


def _largest(values: Any) -> int:
    """The most that one of these values takes; of nested ones, all of them together."""
    if not len(values):
        return 0
    type_ = values.type
    if pa.types.is_string_view(type_) or pa.types.is_binary_view(type_):
        return _of_views(values)
    if pa.types.is_nested(type_):
        return int(values.nbytes) + written_out(values)
    if type_.id in _TEXTS:
        return 8 + int(pc.max(pc.binary_length(values)).as_py() or 0)
    return 16 if pa.types.is_dictionary(type_) else max(1, int(type_.bit_width) // 8)


_TEXTS = frozenset(type_.id for type_ in (pa.string(), pa.large_string(), pa.binary(), pa.large_binary()))
