from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor
KIND_EMBEDDINGS: Kind
KIND_MEASUREMENTS: Kind
KIND_UNSPECIFIED: Kind

class ConfigureRequest(_message.Message):
    __slots__ = ["config", "device", "seed", "state", "threads", "work_dir"]
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    THREADS_FIELD_NUMBER: _ClassVar[int]
    WORK_DIR_FIELD_NUMBER: _ClassVar[int]
    config: bytes
    device: str
    seed: int
    state: bytes
    threads: int
    work_dir: str
    def __init__(self, config: _Optional[bytes] = ..., state: _Optional[bytes] = ..., work_dir: _Optional[str] = ..., device: _Optional[str] = ..., threads: _Optional[int] = ..., seed: _Optional[int] = ...) -> None: ...

class ConfigureResponse(_message.Message):
    __slots__ = ["diagnostics", "dim", "features", "fingerprint"]
    DIAGNOSTICS_FIELD_NUMBER: _ClassVar[int]
    DIM_FIELD_NUMBER: _ClassVar[int]
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    diagnostics: _containers.RepeatedCompositeFieldContainer[Diagnostic]
    dim: int
    features: _containers.RepeatedScalarFieldContainer[str]
    fingerprint: str
    def __init__(self, diagnostics: _Optional[_Iterable[_Union[Diagnostic, _Mapping]]] = ..., dim: _Optional[int] = ..., features: _Optional[_Iterable[str]] = ..., fingerprint: _Optional[str] = ...) -> None: ...

class DescribeRequest(_message.Message):
    __slots__ = ["core_version"]
    CORE_VERSION_FIELD_NUMBER: _ClassVar[int]
    core_version: str
    def __init__(self, core_version: _Optional[str] = ...) -> None: ...

class DescribeResponse(_message.Message):
    __slots__ = ["config_schema", "deterministic", "fits", "kind", "max_batch", "media_types", "name", "version"]
    CONFIG_SCHEMA_FIELD_NUMBER: _ClassVar[int]
    DETERMINISTIC_FIELD_NUMBER: _ClassVar[int]
    FITS_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    MAX_BATCH_FIELD_NUMBER: _ClassVar[int]
    MEDIA_TYPES_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    config_schema: str
    deterministic: bool
    fits: bool
    kind: Kind
    max_batch: int
    media_types: _containers.RepeatedScalarFieldContainer[str]
    name: str
    version: str
    def __init__(self, name: _Optional[str] = ..., version: _Optional[str] = ..., kind: _Optional[_Union[Kind, str]] = ..., media_types: _Optional[_Iterable[str]] = ..., config_schema: _Optional[str] = ..., fits: bool = ..., deterministic: bool = ..., max_batch: _Optional[int] = ...) -> None: ...

class Diagnostic(_message.Message):
    __slots__ = ["detail", "path", "severity", "summary"]
    class Severity(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = []
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_ERROR: Diagnostic.Severity
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_UNSPECIFIED: Diagnostic.Severity
    SEVERITY_WARNING: Diagnostic.Severity
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    detail: str
    path: str
    severity: Diagnostic.Severity
    summary: str
    def __init__(self, severity: _Optional[_Union[Diagnostic.Severity, str]] = ..., summary: _Optional[str] = ..., detail: _Optional[str] = ..., path: _Optional[str] = ...) -> None: ...

class EncodeRequest(_message.Message):
    __slots__ = ["samples", "seq"]
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    samples: _containers.RepeatedCompositeFieldContainer[Sample]
    seq: int
    def __init__(self, seq: _Optional[int] = ..., samples: _Optional[_Iterable[_Union[Sample, _Mapping]]] = ...) -> None: ...

class EncodeResponse(_message.Message):
    __slots__ = ["results", "seq"]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[Result]
    seq: int
    def __init__(self, seq: _Optional[int] = ..., results: _Optional[_Iterable[_Union[Result, _Mapping]]] = ...) -> None: ...

class FitRequest(_message.Message):
    __slots__ = ["samples"]
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    samples: _containers.RepeatedCompositeFieldContainer[Sample]
    def __init__(self, samples: _Optional[_Iterable[_Union[Sample, _Mapping]]] = ...) -> None: ...

class FitResponse(_message.Message):
    __slots__ = ["diagnostics", "state"]
    DIAGNOSTICS_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    diagnostics: _containers.RepeatedCompositeFieldContainer[Diagnostic]
    state: bytes
    def __init__(self, state: _Optional[bytes] = ..., diagnostics: _Optional[_Iterable[_Union[Diagnostic, _Mapping]]] = ...) -> None: ...

class Item(_message.Message):
    __slots__ = ["attributes", "data", "media_type", "path", "row", "time"]
    class AttributesEntry(_message.Message):
        __slots__ = ["key", "value"]
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    MEDIA_TYPE_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    ROW_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    attributes: _containers.ScalarMap[str, str]
    data: bytes
    media_type: str
    path: str
    row: Row
    time: float
    def __init__(self, time: _Optional[float] = ..., media_type: _Optional[str] = ..., data: _Optional[bytes] = ..., path: _Optional[str] = ..., row: _Optional[_Union[Row, _Mapping]] = ..., attributes: _Optional[_Mapping[str, str]] = ...) -> None: ...

class Result(_message.Message):
    __slots__ = ["error", "sequence"]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    error: Diagnostic
    sequence: Sequence
    def __init__(self, sequence: _Optional[_Union[Sequence, _Mapping]] = ..., error: _Optional[_Union[Diagnostic, _Mapping]] = ...) -> None: ...

class Row(_message.Message):
    __slots__ = ["names", "values"]
    NAMES_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    names: _containers.RepeatedScalarFieldContainer[str]
    values: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, names: _Optional[_Iterable[str]] = ..., values: _Optional[_Iterable[float]] = ...) -> None: ...

class Sample(_message.Message):
    __slots__ = ["id", "items"]
    ID_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    id: str
    items: _containers.RepeatedCompositeFieldContainer[Item]
    def __init__(self, id: _Optional[str] = ..., items: _Optional[_Iterable[_Union[Item, _Mapping]]] = ...) -> None: ...

class Sequence(_message.Message):
    __slots__ = ["length", "observed", "times", "values"]
    LENGTH_FIELD_NUMBER: _ClassVar[int]
    OBSERVED_FIELD_NUMBER: _ClassVar[int]
    TIMES_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    length: int
    observed: bytes
    times: bytes
    values: bytes
    def __init__(self, length: _Optional[int] = ..., times: _Optional[bytes] = ..., values: _Optional[bytes] = ..., observed: _Optional[bytes] = ...) -> None: ...

class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []
