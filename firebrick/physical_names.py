"""Names of objects as Heat would give them. Pure: a row's name is known before anything is made."""

_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"


def physical_name(stack: str, resource: str, row_uuid: str) -> str:
    """Heat's form ``STACK-RESOURCE-<12 characters>``, at most 255 characters; the end is the row's own, so that a
    replacement's name does not clash with its original's."""
    number = int(row_uuid.replace("-", "")[:15], 16)  # 60 bits: the 12 first characters of its base32
    short = "".join([_BASE32[number >> shift & 31] for shift in range(55, -1, -5)])
    name = f"{stack}-{resource}-{short}"
    return name if len(name) <= 255 else f"{name[:2]}-{name[-252:]}"
