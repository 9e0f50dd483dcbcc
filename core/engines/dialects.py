"""What is sent: the parameters that a model understands, and which of them a server turned out not to.

Gateways answer under OpenAI's model names and understand fewer parameters, so a parameter that is refused before
work, which costs nothing, is left out the next time.
"""

import re
from collections.abc import Collection
from typing import Any

from core.engines.base import Job
from core.engines.complaints import Complaint, scrubbed

MOST_PREVIEWS = 3
_EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}

# The engine adds these by itself, so it takes them back whatever is wrong with them.
_OWN = frozenset({"stream", "partial_images", "safety_identifier", "response_format"})
# A person chose these, or the bill depends on them: they are left out only where a server does not know them at all.
_CHOSEN = frozenset({"n", "size", "quality", "background", "output_format", "output_compression"}) | {
    "moderation",
    "complexity",
    "input_fidelity",
}

_UNKNOWN_CODES = {"unknown_parameter", "unsupported_parameter"}
_THING = r"(parameter|param|argument|field|key|input|property)s?"
_UNKNOWN = re.compile(
    rf"\b(unknown|unrecogni[sz]ed|unsupported|unexpected|additional|extra)\s+(\w+\s+)?{_THING}\b"
    rf"|\b{_THING}\b.{{0,80}}\b(not (supported|permitted|allowed|recogni[sz]ed)|unsupported|unknown)\b"
    rf"|\bdoes not (support|accept) (the )?{_THING}\b",
    re.IGNORECASE | re.DOTALL,
)

# stable-diffusion.cpp reads server parameters out of the description; those are not the person's to set.
_EXTRA_ARGUMENTS = re.compile(
    r"<sd_cpp_extra_args>.*?</sd_cpp_extra_args>|</?sd_cpp_extra_args>", re.IGNORECASE | re.DOTALL
)


def parameters(job: Job, speaks_openai: bool) -> dict[str, Any]:
    """The call's parameters without the references; None is never among them."""
    wanted = _openai(job) if speaks_openai else _generic(job)
    return {name: value for name, value in wanted.items() if value is not None}


def refused_parameters(complaint: Complaint, sent: Collection[str]) -> frozenset[str]:
    """The parameters to leave out after this complaint; empty if it is not about one that may be left out."""
    unknown = bool(complaint.codes & _UNKNOWN_CODES or _UNKNOWN.search(complaint.message))
    droppable = _OWN | _CHOSEN if unknown else _OWN
    refused = {name for name in droppable if name in sent and _is_named(name, complaint, unknown)}
    if "stream" in refused and "partial_images" in sent:
        refused.add("partial_images")
    return frozenset(refused)


def files(job: Job) -> dict[str, Any]:
    """The pictures to start from, and the mask, under names of our own: what people call theirs is their business."""
    files = [
        (f"reference-{number}.{_EXTENSIONS.get(one.media_type, 'png')}", one.data, one.media_type)
        for number, one in enumerate(job.references, 1)
    ]
    sent: dict[str, Any] = {"image": files[0] if len(files) == 1 else files}
    if job.mask is not None:
        sent["mask"] = ("mask.png", job.mask, "image/png")
    return sent


def _openai(job: Job) -> dict[str, Any]:
    streams = job.previews > 0 and job.output_format not in ("gif", "svg")
    return {
        "model": job.model,
        "prompt": scrubbed(job.description),
        "n": 1,
        "size": job.size,
        "quality": job.quality,
        "background": job.background,
        "output_format": job.output_format,
        "output_compression": job.output_compression,
        "moderation": job.moderation if not job.references else None,
        "complexity": job.complexity,
        "input_fidelity": job.input_fidelity if job.references else None,
        "safety_identifier": job.end_user or None,
        "stream": True if streams else None,
        "partial_images": min(job.previews, MOST_PREVIEWS) if streams else None,
    }


def _generic(job: Job) -> dict[str, Any]:
    return {
        "model": job.model,
        "prompt": _without_extra_arguments(scrubbed(job.description)),
        "n": 1,
        "size": job.size if job.size != "auto" else None,
        "response_format": "b64_json",
    }


def _without_extra_arguments(description: str) -> str:
    """Removing a tag may join the halves of another one, hence the repetition."""
    while (shorter := _EXTRA_ARGUMENTS.sub("", description)) != description:
        description = shorter
    return description


def _is_named(name: str, complaint: Complaint, unknown: bool) -> bool:
    """By the complaint's own field, or in its text; in quotes, unless the text clearly speaks of a parameter."""
    if complaint.parameter:
        return complaint.parameter == name
    pattern = rf"(?<!\w){name}(?!\w)" if unknown else rf"(['\"`]){name}\1"
    return bool(re.search(pattern, complaint.message))
