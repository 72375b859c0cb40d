"""Every way a request or a job can fail, each with a stable code and a message built from facts.

FramequeueError
├── SpecError             the submission is not what the contract describes
│   ├── JsonMalformed         json.malformed
│   ├── SpecInvalid           spec.invalid
│   ├── FieldUnknown          spec.field_unknown
│   ├── WebhookRefused        webhook.refused
│   └── IdempotencyMismatch   idempotency.mismatch
├── PipelineError         the list of steps cannot be a pipeline
│   ├── OpUnknown             pipeline.op_unknown
│   ├── ArgumentInvalid       pipeline.argument_invalid
│   ├── ArgumentUnknown       pipeline.argument_unknown
│   ├── NameUnknown           pipeline.name_unknown
│   └── NameTaken             pipeline.name_taken
├── ExpressionError       the text of an expression is refused
│   ├── ExpressionSyntax      expression.syntax
│   ├── ExpressionForbidden   expression.forbidden
│   └── ExpressionTooLarge    expression.too_large
├── TransformError        a step met data that it cannot work on
│   ├── ColumnUnknown         transform.column_unknown
│   ├── ColumnTaken           transform.column_taken
│   ├── ColumnAmbiguous       transform.column_ambiguous
│   ├── DtypeUnsuitable       transform.dtype_unsuitable
│   ├── ExpectationFailed     transform.expectation_failed
│   ├── OutputTooLarge        transform.output_too_large
│   ├── StepFailed            transform.failed
│   ├── Retry                 transform.retry
│   └── ConnectionLost        transform.connection_lost
├── InputError            an input cannot be had or read
│   ├── InputMissing          input.missing
│   ├── InputUnknown          input.unknown
│   ├── InputGone             input.gone
│   ├── InputMalformed        input.malformed
│   ├── InputEmpty            input.empty
│   ├── CastFailed            input.cast_failed
│   ├── RejectsExceeded       input.rejects_exceeded
│   ├── UpstreamFailed        input.upstream_failed
│   └── FidelityLost          result.not_representable
├── FormatError           a media type is not one of the table
│   ├── FormatUnsupported     format.unsupported
│   └── FormatNotAcceptable   format.not_acceptable
├── LimitExceeded         there is more of something than its setting allows
│   ├── SizeExceeded          a size in bytes
│   │   ├── BodyTooLarge          limit.body_bytes
│   │   ├── EnvelopeTooLarge      limit.envelope_bytes
│   │   ├── PipelineTooLarge      limit.pipeline_bytes
│   │   ├── LabelsTooLarge        limit.labels_bytes
│   │   ├── DtypesTooLarge        limit.dtypes_bytes
│   │   ├── DecodedTooLarge       limit.decoded_bytes
│   │   ├── RatioTooLarge         limit.compression_ratio
│   │   └── CellTooLarge          limit.cell_bytes
│   └── CountExceeded         a number of things
│       ├── TooManyRows           limit.rows
│       ├── TooManyColumns        limit.columns
│       ├── NestedTooDeep         limit.json_depth
│       ├── TooManySteps          limit.steps
│       ├── TooManyInputs         limit.inputs
│       ├── TooManyDependents     limit.dependents
│       ├── TooManyJobs           limit.batch_jobs
│       └── TooManyLabels         limit.labels
├── NotFound                  not_found
├── JobNotReady               job.not_ready
├── JobLive                   job.live
├── ResultExpired             result.expired
├── JobStopped            an attempt ended from outside
│   ├── JobTimeout            job.timeout
│   ├── JobCanceled           job.canceled
│   ├── MemoryExceeded        job.memory_exceeded
│   ├── WorkerLost            worker.lost
│   └── WorkerDrained         worker.drained
├── QuotaExceeded         a tenant has used up what it may
│   ├── RequestQuota          quota.requests
│   ├── QueueQuota            quota.queued_jobs
│   └── StorageQuota          quota.stored_bytes
├── StoreError            Redis is away or full; asking again later helps
│   ├── StoreUnavailable      store.unavailable
│   ├── StoreFull             store.full
│   └── QueueFull             queue.full
└── InternalError             internal
"""

from jobs.errors.base import FramequeueError, InternalError, PlacedError
from jobs.errors.data import (
    CastFailed,
    ColumnAmbiguous,
    ColumnTaken,
    ColumnUnknown,
    ConnectionLost,
    DtypeUnsuitable,
    ExpectationFailed,
    FidelityLost,
    FormatError,
    FormatNotAcceptable,
    FormatUnsupported,
    InputEmpty,
    InputError,
    InputGone,
    InputMalformed,
    InputMissing,
    InputUnknown,
    OutputTooLarge,
    RejectsExceeded,
    Retry,
    StepFailed,
    TransformError,
    UpstreamFailed,
)
from jobs.errors.limits import (
    BodyTooLarge,
    CellTooLarge,
    CountExceeded,
    DecodedTooLarge,
    DtypesTooLarge,
    EnvelopeTooLarge,
    LabelsTooLarge,
    LimitExceeded,
    NestedTooDeep,
    PipelineTooLarge,
    RatioTooLarge,
    SizeExceeded,
    TooManyColumns,
    TooManyDependents,
    TooManyInputs,
    TooManyJobs,
    TooManyLabels,
    TooManyRows,
    TooManySteps,
)
from jobs.errors.running import (
    JobCanceled,
    JobLive,
    JobNotReady,
    JobStopped,
    JobTimeout,
    MemoryExceeded,
    NotFound,
    QueueFull,
    QueueQuota,
    QuotaExceeded,
    RequestQuota,
    ResultExpired,
    StorageQuota,
    StoreError,
    StoreFull,
    StoreUnavailable,
    WorkerDrained,
    WorkerLost,
)
from jobs.errors.submission import (
    ArgumentInvalid,
    ArgumentUnknown,
    ExpressionError,
    ExpressionForbidden,
    ExpressionSyntax,
    ExpressionTooLarge,
    FieldUnknown,
    IdempotencyMismatch,
    JsonMalformed,
    NameTaken,
    NameUnknown,
    OpUnknown,
    PipelineError,
    SpecError,
    SpecInvalid,
    WebhookRefused,
)

__all__ = [
    "ArgumentInvalid",
    "ArgumentUnknown",
    "BodyTooLarge",
    "CastFailed",
    "CellTooLarge",
    "ColumnAmbiguous",
    "ColumnTaken",
    "ColumnUnknown",
    "ConnectionLost",
    "CountExceeded",
    "DecodedTooLarge",
    "DtypeUnsuitable",
    "DtypesTooLarge",
    "EnvelopeTooLarge",
    "ExpectationFailed",
    "ExpressionError",
    "ExpressionForbidden",
    "ExpressionSyntax",
    "ExpressionTooLarge",
    "FidelityLost",
    "FieldUnknown",
    "FormatError",
    "FormatNotAcceptable",
    "FormatUnsupported",
    "FramequeueError",
    "IdempotencyMismatch",
    "InputEmpty",
    "InputError",
    "InputGone",
    "InputMalformed",
    "InputMissing",
    "InputUnknown",
    "InternalError",
    "JobCanceled",
    "JobLive",
    "JobNotReady",
    "JobStopped",
    "JobTimeout",
    "JsonMalformed",
    "LabelsTooLarge",
    "LimitExceeded",
    "MemoryExceeded",
    "NameTaken",
    "NameUnknown",
    "NestedTooDeep",
    "NotFound",
    "OpUnknown",
    "OutputTooLarge",
    "PipelineError",
    "PipelineTooLarge",
    "PlacedError",
    "QueueFull",
    "QueueQuota",
    "QuotaExceeded",
    "RatioTooLarge",
    "RejectsExceeded",
    "RequestQuota",
    "ResultExpired",
    "Retry",
    "SizeExceeded",
    "SpecError",
    "SpecInvalid",
    "StepFailed",
    "StorageQuota",
    "StoreError",
    "StoreFull",
    "StoreUnavailable",
    "TooManyColumns",
    "TooManyDependents",
    "TooManyInputs",
    "TooManyJobs",
    "TooManyLabels",
    "TooManyRows",
    "TooManySteps",
    "TransformError",
    "UpstreamFailed",
    "WebhookRefused",
    "WorkerDrained",
    "WorkerLost",
]
