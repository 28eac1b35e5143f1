#!/usr/bin/env python3
"""Reads a gusto container with the standard library of Python alone, and checks all that docs/file-format.md promises.

    read_container.py FILE             lists metadata and tensors
    read_container.py --values FILE    and prints every element

Ends with 1 and a message if the file is not as promised. Nothing here knows gusto: it is the proof that others can read its files.
"""
import json
import struct
import sys

DTYPES = {"F64": "d", "I64": "q", "F32": "f", "I32": "i", "U8": "B"}
OPENING = b'{"__metadata__":{"xxh3.header":"'

# ---- XXH3-64 with seed 0, from its specification (github.com/Cyan4973/xxHash, doc/xxhash_spec.md) ----

M64 = (1 << 64) - 1
P32 = (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D)
P64 = (0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5)
PMX1, PMX2 = 0x165667919E3779F9, 0x9FB21C651E98DF25
SECRET = bytes.fromhex(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671f"
    "cb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c"
    "3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8"
    "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364"
    "eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e"
    "2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e")
STRIPE, LANES = 64, 8


def u32(data, at):
    return int.from_bytes(data[at:at + 4], "little")


def u64(data, at):
    return int.from_bytes(data[at:at + 8], "little")


def folded(a, b):
    product = a * b
    return (product & M64) ^ (product >> 64)


def avalanche(h):
    h ^= h >> 37
    h = h * PMX1 & M64
    return h ^ h >> 32


def avalanche_xxh64(h):
    h ^= h >> 33
    h = h * P64[1] & M64
    h ^= h >> 29
    h = h * P64[2] & M64
    return h ^ h >> 32


def rotated(x, n):
    return (x << n | x >> 64 - n) & M64


def swapped(x):
    return int.from_bytes(x.to_bytes(8, "little"), "big")


def hash_to_16(data):
    n = len(data)
    if n == 0:
        return avalanche_xxh64(u64(SECRET, 56) ^ u64(SECRET, 64))
    if n <= 3:
        combined = data[n - 1] | n << 8 | data[0] << 16 | data[n >> 1] << 24
        return avalanche_xxh64(u32(SECRET, 0) ^ u32(SECRET, 4) ^ combined)
    if n <= 8:
        h = u64(SECRET, 8) ^ u64(SECRET, 16) ^ (u32(data, n - 4) | u32(data, 0) << 32)
        h ^= rotated(h, 49) ^ rotated(h, 24)
        h = h * PMX2 & M64
        h ^= (h >> 35) + n
        h = h * PMX2 & M64
        return h ^ h >> 28
    low = u64(SECRET, 24) ^ u64(SECRET, 32) ^ u64(data, 0)
    high = u64(SECRET, 40) ^ u64(SECRET, 48) ^ u64(data, n - 8)
    return avalanche((n + swapped(low) + high + folded(low, high)) & M64)


def mixed(data, at, secret):
    return folded(u64(data, at) ^ u64(SECRET, secret), u64(data, at + 8) ^ u64(SECRET, secret + 8))


def hash_to_240(data):
    n = len(data)
    h = n * P64[0]
    if n <= 128:
        for j in range((n - 1) // 32, -1, -1):
            h += mixed(data, 16 * j, 32 * j) + mixed(data, n - 16 * (j + 1), 32 * j + 16)
        return avalanche(h & M64)
    for j in range(8):
        h += mixed(data, 16 * j, 16 * j)
    h = avalanche(h & M64)
    for j in range(8, n // 16):
        h += mixed(data, 16 * j, 16 * (j - 8) + 3)
    h += mixed(data, n - 16, 136 - 17)
    return avalanche(h & M64)


def accumulate(acc, words, keys):
    for lane in range(LANES):
        value = words[lane]
        key = value ^ keys[lane]
        acc[lane ^ 1] = acc[lane ^ 1] + value & M64
        acc[lane] = acc[lane] + (key & 0xFFFFFFFF) * (key >> 32) & M64


def hash_long(data):
    n = len(data)
    per_block = (len(SECRET) - STRIPE) // 8
    block = STRIPE * per_block
    keys = [struct.unpack_from("<8Q", SECRET, 8 * s) for s in range(per_block)]
    last_keys = struct.unpack_from("<8Q", SECRET, len(SECRET) - STRIPE - 7)
    scramble = struct.unpack_from("<8Q", SECRET, len(SECRET) - STRIPE)
    acc = [P32[2], P64[0], P64[1], P64[2], P64[3], P32[1], P64[4], P32[0]]

    for at in range(0, (n - 1) // block * block, block):
        for s in range(per_block):
            accumulate(acc, struct.unpack_from("<8Q", data, at + STRIPE * s), keys[s])
        for lane in range(LANES):
            acc[lane] = ((acc[lane] ^ acc[lane] >> 47 ^ scramble[lane]) * P32[0]) & M64
    at = (n - 1) // block * block
    for s in range((n - 1 - at) // STRIPE):
        accumulate(acc, struct.unpack_from("<8Q", data, at + STRIPE * s), keys[s])
    accumulate(acc, struct.unpack_from("<8Q", data, n - STRIPE), last_keys)

    h = n * P64[0]
    for pair in range(4):
        h += folded(acc[2 * pair] ^ u64(SECRET, 11 + 16 * pair), acc[2 * pair + 1] ^ u64(SECRET, 19 + 16 * pair))
    return avalanche(h & M64)


def xxh3_64(data):
    """XXH3-64 of bytes, as 16 hexadecimal digits."""
    h = hash_to_16(data) if len(data) <= 16 else hash_to_240(data) if len(data) <= 240 else hash_long(data)
    return f"{h:016x}"


# ---- the container ----


class Malformed(Exception):
    pass


def require(condition, message):
    if not condition:
        raise Malformed(message)


def without_duplicates(pairs):
    names = [name for name, _ in pairs]
    require(len(set(names)) == len(names), f"a name occurs twice in {names}")
    return dict(pairs)


def read_header(data):
    """Returns the tensors' descriptions, the metadata, and where the tensors begin."""
    require(len(data) >= 8, "no room for the length of the header")
    begin = 8 + u64(data, 0)
    require(begin <= len(data), "the header is cut off")
    require(begin % 64 == 0, "the tensors do not begin at a multiple of 64")
    header = data[8:begin]
    require(header.startswith(OPENING), "the header does not open with its checksum")
    require(header.rstrip(b" ").endswith(b"}"), "the header is padded with something else than blanks")

    at = 8 + len(OPENING)
    expected = data[at:at + 16].decode("ascii")
    require(xxh3_64(data[:at] + b"0" * 16 + data[at + 16:begin]) == expected, "the checksum of the header does not match")
    tensors = json.loads(header.decode("utf-8"), object_pairs_hook=without_duplicates)
    return tensors, tensors.pop("__metadata__"), begin


def read_tensors(data, tensors, metadata, begin):
    """Returns {name: (dtype, shape, values)}, having checked each tensor's place, size, alignment and checksum."""
    out, at = {}, begin
    for name, tensor in sorted(tensors.items(), key=lambda entry: entry[1]["data_offsets"]):
        require(set(tensor) == {"dtype", "shape", "data_offsets"}, f"{name}: keys {sorted(tensor)}")
        code, (low, high) = DTYPES[tensor["dtype"]], tensor["data_offsets"]
        size, count = struct.calcsize("<" + code), 1
        for length in tensor["shape"]:
            count *= length
        require(begin + low == at, f"{name}: begins at {begin + low}, what is before it ends at {at}")
        require(high - low == count * size, f"{name}: {count} elements of {size} bytes in {high - low}")
        require((begin + low) % size == 0, f"{name}: is not aligned to its elements")
        at = begin + high
        require(at <= len(data), f"{name}: is cut off")
        found = xxh3_64(data[begin + low:at])
        require(metadata.get("xxh3." + name) == found, f"{name}: checksum {found}, the header says {metadata.get('xxh3.' + name)}")
        out[name] = (tensor["dtype"], tensor["shape"], struct.unpack_from(f"<{count}{code}", data, begin + low))
    require(at == len(data), f"{len(data) - at} bytes after the last tensor")
    return out


def read(path):
    """Returns (tensors, metadata) of a container; raises Malformed."""
    with open(path, "rb") as file:
        data = file.read()
    tensors, metadata, begin = read_header(data)
    require(metadata.get("gusto.format") == "1", f"format {metadata.get('gusto.format')}")
    return read_tensors(data, tensors, metadata, begin), metadata


def main(arguments):
    values = "--values" in arguments
    paths = [a for a in arguments if a != "--values"]
    if len(paths) != 1:
        sys.exit(__doc__)
    try:
        tensors, metadata = read(paths[0])
    except (Malformed, ValueError, KeyError, TypeError, struct.error) as error:
        sys.exit(f"{paths[0]}: {type(error).__name__}: {error}")
    for key, value in metadata.items():
        print(f"{key} = {value!r}")
    for name, (dtype, shape, elements) in tensors.items():
        print(f"{name}: {dtype} {shape}", *(elements if values else ()))


if __name__ == "__main__":
    main(sys.argv[1:])
