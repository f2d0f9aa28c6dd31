"""The wire form of a Sparkplug B payload, from the field table of the specification (chapter 6).

`sparkplug.proto` beside this file says the same in the language of Protocol Buffers; a test holds
the two together. The descriptor is made when it is first needed, in a pool of its own, so that it
meets nobody else's.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

_PACKAGE = "millwright.sparkplug"
_ONE_OF = "|"
_REPEATED = "*"

TABLE: dict[str, str] = {
    "Payload": "1 uint64 timestamp, 2* Metric metrics, 3 uint64 seq, 4 string uuid, 5 bytes body",
    "Metric": (
        "1 string name, 2 uint64 alias, 3 uint64 timestamp, 4 uint32 datatype,"
        "5 bool is_historical, 6 bool is_transient, 7 bool is_null, 8 MetaData metadata,"
        "9 PropertySet properties, 10| uint32 int_value, 11| uint64 long_value,"
        "12| float float_value, 13| double double_value, 14| bool boolean_value,"
        "15| string string_value, 16| bytes bytes_value, 17| DataSet dataset_value,"
        "18| Template template_value, 19| Extension extension_value"
    ),
    "MetaData": (
        "1 bool is_multi_part, 2 string content_type, 3 uint64 size, 4 uint64 seq,"
        "5 string file_name, 6 string file_type, 7 string md5, 8 string description"
    ),
    "PropertySet": "1* string keys, 2* PropertyValue values",
    "PropertySetList": "1* PropertySet propertyset",
    "PropertyValue": (
        "1 uint32 type, 2 bool is_null, 3| uint32 int_value, 4| uint64 long_value,"
        "5| float float_value, 6| double double_value, 7| bool boolean_value,"
        "8| string string_value, 9| PropertySet propertyset_value,"
        "10| PropertySetList propertysets_value, 11| Extension extension_value"
    ),
    "DataSet": "1 uint64 num_of_columns, 2* string columns, 3* uint32 types, 4* Row rows",
    "Row": "1* DataSetValue elements",
    "DataSetValue": (
        "1| uint32 int_value, 2| uint64 long_value, 3| float float_value, 4| double double_value,"
        "5| bool boolean_value, 6| string string_value, 7| Extension extension_value"
    ),
    "Template": (
        "1 string version, 2* Metric metrics, 3* Parameter parameters, 4 string template_ref,"
        "5 bool is_definition"
    ),
    "Parameter": (
        "1 string name, 2 uint32 type, 3| uint32 int_value, 4| uint64 long_value,"
        "5| float float_value, 6| double double_value, 7| bool boolean_value,"
        "8| string string_value, 9| Extension extension_value"
    ),
    "Extension": "",
}
"""Each message's fields as `number type name`; `*` behind the number means a list, `|` one of."""


def fields(message: str) -> list[tuple[int, str, str, str]]:
    """List the fields of a message: number, mark (`*`, `|` or empty), type and name."""
    found = []
    for entry in filter(None, TABLE[message].split(",")):
        number, form, name = entry.split()
        mark = number[-1] if number[-1] in _ONE_OF + _REPEATED else ""
        found.append((int(number.rstrip(_ONE_OF + _REPEATED)), mark, form, name))
    return found


@lru_cache(maxsize=1)
def payload_class() -> Any:
    """Make the class of payload messages; ImportError where `protobuf` is not installed."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    file = descriptor_pb2.FileDescriptorProto(
        name="sparkplug.proto", package=_PACKAGE, syntax="proto2"
    )
    kinds = descriptor_pb2.FieldDescriptorProto
    for name in TABLE:
        message = file.message_type.add(name=name)
        for number, mark, form, field_name in fields(name):
            field = message.field.add(name=field_name, number=number)
            field.label = kinds.LABEL_REPEATED if mark == _REPEATED else kinds.LABEL_OPTIONAL
            if form in TABLE:
                field.type, field.type_name = kinds.TYPE_MESSAGE, f".{_PACKAGE}.{form}"
            else:
                field.type = kinds.Type.Value(f"TYPE_{form.upper()}")
            if mark == _ONE_OF:
                if not message.oneof_decl:
                    message.oneof_decl.add(name="value")
                field.oneof_index = 0
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.Payload"))
