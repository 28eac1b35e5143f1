#!/usr/bin/env python3
"""What the library writes, plain Python reads: read_containers.py WRITER FOLDER_OF_READ_CONTAINER"""
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv.pop())
WRITER = sys.argv.pop()
import read_container  # noqa: E402 (its folder is an argument)

SAMPLE = {
    "longs": ("I64", [2], (-2**63, 7)),
    "doubles": ("F64", [1, 3], (0.1, 1e300, -0.25)),
    "ints \"\\é\n": ("I32", [3], (-2**31, -1, 2**31 - 1)),
    "floats": ("F32", [2, 2], (0.5, -1, 3, 4)),
    "bytes": ("U8", [3], (1, 2, 255)),
}


class Containers(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        subprocess.run([WRITER, self.folder.name], check=True)

    def tearDown(self):
        self.folder.cleanup()

    def path(self, name):
        return pathlib.Path(self.folder.name, name)

    def test_empty(self):
        tensors, metadata = read_container.read(self.path("empty"))
        self.assertEqual(tensors, {})
        self.assertEqual(set(metadata), {"xxh3.header", "gusto.format", "gusto.version"})

    def test_sample(self):
        tensors, metadata = read_container.read(self.path("sample"))
        self.assertEqual(list(tensors.items()), list(SAMPLE.items()))
        self.assertEqual((metadata["kind"], metadata["text"]), ("sample", "tab \t quote \" €"))

    def test_every_path_of_the_hash(self):
        tensors, _ = read_container.read(self.path("sizes"))
        for name, (_, shape, values) in tensors.items():
            self.assertEqual(shape, [int(name[1:])])
            self.assertEqual(values, tuple(j * 7 % 251 for j in range(shape[0])))
        self.assertEqual(len(tensors), 16)

    def test_damage_is_noticed(self):
        whole = self.path("sample").read_bytes()
        for at in range(0, len(whole), 3):
            self.path("sample").write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1:])
            with self.assertRaises((read_container.Malformed, ValueError, KeyError), msg=f"byte {at}"):
                read_container.read(self.path("sample"))
        for size in range(0, len(whole), 7):
            self.path("sample").write_bytes(whole[:size])
            with self.assertRaises((read_container.Malformed, ValueError, KeyError), msg=f"{size} bytes"):
                read_container.read(self.path("sample"))


if __name__ == "__main__":
    unittest.main()
