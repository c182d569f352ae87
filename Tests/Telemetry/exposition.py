"""A strict reader of OpenMetrics 1.0, written from the specification and not from our own writer.

<https://prometheus.io/docs/specs/om/open_metrics_spec/>. Whatever the text must not have raises `Malformed`, and so do
two things it should not have: a family without a type, and a bucket whose bound isn't in canonical form.
"""

import re
from dataclasses import dataclass, field

METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"')
NUMBER = re.compile(r"[+-]?(?:Inf|NaN|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)")
DESCRIPTION = re.compile(r"# (TYPE|HELP|UNIT) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)")
HELP = re.compile(r'(?:[^"\\\n]|\\.)*')
SUFFIXES = {
    "counter": ("_total", "_created"), "gauge": ("",), "histogram": ("_bucket", "_count", "_sum", "_created"),
    "info": ("_info",), "stateset": ("",), "summary": ("", "_count", "_sum", "_created"), "unknown": ("",),
}
EXEMPLAR_CHARACTERS_MAX = 128


class Malformed(Exception):
    pass


@dataclass
class Exemplar:
    labels: dict
    value: float


@dataclass
class Sample:
    name: str
    labels: dict
    value: float
    exemplar: Exemplar = None


@dataclass
class Family:
    name: str
    described: dict = field(default_factory=dict)
    samples: list = field(default_factory=list)

    @property
    def type(self):
        return self.described.get("TYPE")


def read_openmetrics(text):
    """All families by name."""
    if not text.endswith("\n# EOF\n"):
        raise Malformed("it does not end with # EOF and a line feed")
    families, series, family = {}, set(), None
    for line in text[:-len("# EOF\n")].split("\n")[:-1]:
        try:
            if line.startswith("#"):
                family = _describe(line, families, family)
                continue
            sample = _sample(line)
            if family is None or sample.name[len(family.name):] not in SUFFIXES[family.type or "unknown"] \
                    or not sample.name.startswith(family.name):
                raise Malformed("it belongs to no family, or not to the one it stands in")
            identity = (sample.name, tuple(sorted(sample.labels.items())))
            if identity in series:
                raise Malformed("the series is there twice")
            series.add(identity)
            family.samples.append(sample)
        except Malformed as error:
            raise Malformed(f"{error}: {line[:300]!r}") from None
    taken = {}
    for family in families.values():
        _check(family)
        for suffix in SUFFIXES[family.type]:
            other = taken.setdefault(family.name + suffix, family.name)
            if other != family.name:
                raise Malformed(f"{family.name} and {other} share the name {family.name + suffix}")
    return families


def _describe(line, families, family):
    found = DESCRIPTION.fullmatch(line)
    if not found:
        raise Malformed("neither TYPE, HELP nor UNIT")
    kind, name, said = found.groups()
    if family is None or name != family.name:
        if name in families:
            raise Malformed("the family has been there before")
        family = families[name] = Family(name)
    if family.samples or kind in family.described:
        raise Malformed("described twice, or after its samples")
    if kind == "TYPE" and said not in SUFFIXES or kind == "HELP" and not HELP.fullmatch(said) \
            or kind == "UNIT" and said and not name.endswith("_" + said):
        raise Malformed(f"no such {kind}")
    family.described[kind] = said
    return family


def _sample(line):
    name = METRIC.match(line)
    if not name:
        raise Malformed("no name")
    labels, rest = _labels(line[name.end():])
    value, rest = _number(rest)
    if rest.startswith(" ") and not rest.startswith(" # "):  # its time
        _, rest = _number(rest)
    exemplar = None
    if rest.startswith(" # {"):
        told, rest = _labels(rest[3:])
        exemplar = Exemplar(told, 0)
        exemplar.value, rest = _number(rest)
        if rest:
            _, rest = _number(rest)
    if rest:
        raise Malformed(f"unexpected {rest[:60]!r}")
    return Sample(name.group(), labels, value, exemplar)


def _labels(text):
    labels = {}
    if not text.startswith("{"):
        return labels, text
    text = text[1:]
    while not text.startswith("}"):
        label = LABEL.match(text)
        if not label or label.group(1) in labels:
            raise Malformed("labels that can't be read, or one of them twice")
        labels[label.group(1)] = re.sub(
            r"\\(.)", lambda escaped: "\n" if escaped.group(1) == "n" else escaped.group(1), label.group(2))
        text = text[label.end():]
        if text.startswith(',') and text[1:2] != "}":
            text = text[1:]
        elif not text.startswith("}"):
            raise Malformed("labels that can't be read")
    return labels, text[1:]


def _number(text):
    number = NUMBER.match(text, 1)
    if not text.startswith(" ") or not number:
        raise Malformed("no number after one space")
    return float(number.group()), text[number.end():]


def _check(family):
    if family.type is None:
        raise Malformed(f"{family.name} has no type")
    metrics = []  # (labels, samples): those of one metric stand together
    for sample in family.samples:
        labels = {name: value for name, value in sample.labels.items()
                  if not (name == "le" and family.type == "histogram")}
        if not metrics or metrics[-1][0] != labels:
            if any(labels == other for other, _ in metrics):
                raise Malformed(f"{family.name}{labels}: its samples don't stand together")
            metrics.append((labels, []))
        metrics[-1][1].append(sample)
        if family.type == "counter" and not 0 <= sample.value < float("inf"):
            raise Malformed(f"{sample} is no count")
        if sample.exemplar:
            if sample.name not in (family.name + "_bucket", family.name + "_total"):
                raise Malformed(f"{sample} must not have an exemplar")
            if sum(len(name) + len(value) for name, value in sample.exemplar.labels.items()) \
                    > EXEMPLAR_CHARACTERS_MAX:
                raise Malformed(f"{sample}: the exemplar's labels are too long")
    if family.type == "histogram":
        for labels, samples in metrics:
            _check_histogram(f"{family.name}{labels}", family.name, samples)


def _check_histogram(what, name, samples):
    buckets = [sample for sample in samples if sample.name == name + "_bucket"]
    by_name = {sample.name: sample.value for sample in samples if sample not in buckets}
    bounds = [sample.labels.get("le", "") for sample in buckets]
    if not all(re.fullmatch(r"\+Inf|-?\d+\.\d+|-?\d+(\.\d+)?e[+-]\d+", bound) for bound in bounds):
        raise Malformed(f"{what}: bounds {bounds} aren't canonical")
    limits = [float(bound) for bound in bounds]
    if not limits or limits[-1] != float("inf") or limits != sorted(set(limits)):
        raise Malformed(f"{what}: bounds {bounds} don't rise to +Inf")
    counts = [bucket.value for bucket in buckets]
    if counts != sorted(counts) or any(count != int(count) for count in counts):
        raise Malformed(f"{what}: the buckets are not cumulative: {counts}")
    if by_name.get(name + "_count") != counts[-1] or name + "_sum" not in by_name:
        raise Malformed(f"{what}: _count is not the last bucket's, or there is no _sum")
    for lower, limit, bucket in zip([float("-inf")] + limits, limits, buckets):
        if bucket.exemplar and not lower < bucket.exemplar.value <= limit:
            raise Malformed(f"{bucket}: the exemplar is of another bucket")
