"""Named tuples of arrays as kernels see them: a pointer to the fields.

Numba hands tuples over by value, all fields of all arrays at once, wherever one is mentioned; and it counts references
to their arrays with atomic instructions. Kernels that mention dozens of arrays a hundred times took longer to compile,
and longer to run. Here only the field that is mentioned is read, and nothing is counted: the caller keeps the arrays
for as long as the kernel runs.
"""

from typing import Any

from llvmlite import ir as llvm
from numba.core import cgutils, types
from numba.core.imputils import lower_getattr_generic
from numba.core.typing.templates import AttributeTemplate, infer_getattr
from numba.extending import NativeValue, models, register_model, unbox

__all__ = ["Columns"]


class Columns(types.Type):
    """The type of a named tuple of arrays and numbers in a kernel.

    Attributes
    ----------
    values
        The named tuple as Numba types it.
    """

    def __init__(self, values: Any) -> None:
        self.values = values
        super().__init__(f"Columns({values})")


@register_model(Columns)
class _ColumnsModel(models.PrimitiveModel):  # type: ignore[misc]
    """The pointer."""

    def __init__(self, manager: Any, kind: Columns) -> None:
        super().__init__(manager, kind, manager.lookup(kind.values).get_value_type().as_pointer())


@infer_getattr
class _ColumnsFields(AttributeTemplate):  # type: ignore[misc]
    """The types of the fields."""

    key = Columns

    def generic_resolve(self, kind: Columns, name: str) -> Any:
        """Type of a field, or None."""
        return kind.values.types[kind.values.fields.index(name)] if name in kind.values.fields else None


@lower_getattr_generic(Columns)  # type: ignore[untyped-decorator]
def _read_field(context: Any, builder: Any, kind: Columns, pointer: Any, name: str) -> Any:
    """Read one field, an array as one that nobody owns."""
    place = kind.values.fields.index(name)
    field, found = kind.values.types[place], builder.load(cgutils.gep_inbounds(builder, pointer, 0, place))
    if not isinstance(field, types.Array):
        return found
    array = context.make_array(field)(context, builder, found)
    array.meminfo, array.parent = array.meminfo.type(None), array.parent.type(None)
    return array._getvalue()


@unbox(Columns)  # type: ignore[untyped-decorator]
def _unbox_columns(kind: Columns, values: Any, c: Any) -> NativeValue:
    """Write the fields side by side, before a kernel is called from Python."""
    pointer = cgutils.alloca_once(c.builder, c.context.get_value_type(kind.values))
    signature = llvm.FunctionType(llvm.IntType(32), (c.pyapi.pyobj, c.pyapi.voidptr))
    adapt = cgutils.get_or_insert_function(c.builder.module, signature, "numba_adapt_ndarray")
    failed = cgutils.false_bit
    for place, field in enumerate(kind.values.types):
        value = c.pyapi.tuple_getitem(values, place)
        room = cgutils.gep_inbounds(c.builder, pointer, 0, place)
        if isinstance(field, types.Array):
            code = c.builder.call(adapt, (value, c.builder.bitcast(room, c.pyapi.voidptr)))
            failed = c.builder.or_(failed, cgutils.is_not_null(c.builder, code))
        else:
            native = c.unbox(field, value)
            failed = c.builder.or_(failed, native.is_error)
            c.builder.store(native.value, room)
    return NativeValue(pointer, is_error=failed)
