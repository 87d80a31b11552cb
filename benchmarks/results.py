"""What a run of the serving benchmark found: measurements as they were taken, round by round, without a verdict."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Measurement:
    """One contender under a closed loop, in one form, in one round; milliseconds."""

    round: int
    contender: str
    form: str
    requests: int
    rate: float  # requests a second
    p50_ms: float
    p99_ms: float
    max_ms: float
    cpu_us: dict[str, float]  # CPU time of the server a request, in microseconds, by kind of process
    rss_mb: dict[str, float]  # resident memory at the end, in 10⁶ bytes, likewise

    @property
    def all_cpu_us(self) -> float:
        """CPU time of all processes of the server a request."""
        return sum(self.cpu_us.values())


@dataclass(frozen=True)
class LoneClient:
    """One connection that asks again as soon as it is answered; milliseconds."""

    form: str
    requests: int
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True)
class OwnRound:
    """What is measured of our own server alone, in one round."""

    round: int
    lone: tuple[LoneClient, ...]
    served_images: float  # images a second, many in a body
    cpu_us_an_image: float
    bare_images: float  # images a second of the bare runtime
    at_rest_mb: dict[str, float]  # by kind of process, before any load; of the largest worker, in 10⁶ bytes
    after_mb: dict[str, float]  # the same, after 64 connections and many digits in a body


@dataclass(frozen=True)
class Outcome:
    """An open loop at one rate; milliseconds from when a request was due to the last byte of its answer."""

    rate: float  # asked for, in requests a second
    achieved: float  # answers a second, from the first due time to the last answer
    requests: int  # due
    answered: int  # with status 200; the percentiles are theirs
    p50_ms: float
    p90_ms: float
    p99_ms: float
    p999_ms: float
    max_ms: float
    errors: dict[str, int]
    queued: int  # how many found no connection free
    late_p99_ms: float  # of the others: sent so long after they were due
    late_max_ms: float
    cpu_cores: float  # what the generator itself used of one


@dataclass(frozen=True)
class Parity:
    """Served answers against those of the predictor that `mnist evaluate` uses."""

    images: int
    source: str  # the folder they come from
    different_digits: int
    largest_difference: float  # of a probability


@dataclass
class Results:
    """All of a run."""

    measurements: list[Measurement] = field(default_factory=list)
    own: list[OwnRound] = field(default_factory=list)
    peak: float = 0.0  # what the rates of the open loop are shares of, in requests a second
    open_loop: list[Outcome] = field(default_factory=list)
    start_up_seconds: list[float] = field(default_factory=list)
    parity: Parity | None = None
