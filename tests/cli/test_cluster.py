"""gusto cluster: rows of ratings, features and models, what it prints and what it writes, against sums made here."""
import pathlib
import random
import signal
import subprocess
import sys
import unittest

from support import BAD_INPUT, BAD_IO, BAD_USAGE, GUSTO, INTERRUPTED, Case

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
import read_container  # noqa: E402 (it lies above this folder)


def three_groups():
    """Users u0 .. u29 of three groups, each of which rates items of its own, and one that all rate."""
    draw = random.Random(1)
    return [(f"u{u:02}", f"i{item}", draw.choice((3, 4))) for u in range(30) for item in (u % 3 * 4, u % 3 * 4 + 1, u % 3 * 4 + 2, 99)]


def inertia_of(rows, label):
    """rows: {id: {column: number}}; label: {id: cluster}."""
    members, total = {}, 0
    for row, cluster in label.items():
        members.setdefault(cluster, []).append(rows[row])
    for cluster in members.values():
        columns = {column for row in cluster for column in row}
        center = {column: sum(row.get(column, 0) for row in cluster) / len(cluster) for column in columns}
        total += sum((row.get(column, 0) - center[column]) ** 2 for row in cluster for column in columns)
    return total


class Cluster(Case):
    def setUp(self):
        super().setUp()
        self.groups = self.write("groups.csv", "user,item,rating\n" + "".join(f"{u},{i},{x}\n" for u, i, x in three_groups()))

    def labels(self, name, separator="\t"):
        rows = [line.split(separator) for line in self.path(name).read_text().splitlines()]
        if separator == ",":
            self.assertEqual(rows.pop(0), ["id", "cluster"])
        return {row: int(cluster) for row, cluster in rows}

    def container(self, name):
        """{tensor: rows}"""
        tensors, _ = read_container.read(self.path(name))
        return {name: [values[r * shape[1]:(r + 1) * shape[1]] for r in range(shape[0])]
                for name, (_, shape, values) in tensors.items() if len(shape) == 2}

    def by_row(self, column):
        rows = {}
        for triple in three_groups():
            rows.setdefault(triple[column], {})[triple[1 - column]] = triple[2]
        return rows

    def test_ratings_of_users_and_of_items(self):
        found = self.json(self.gusto("cluster", self.groups, "-k", "3", "--tolerance", "0", "-o", "u.tsv", "--json"))
        label = self.labels("u.tsv")
        self.assertEqual([label[f"u{u:02}"] for u in range(30)], [label[f"u{u % 3:02}"] for u in range(30)])
        self.assertEqual((found["points"], found["numbers"], found["clusters"], found["converged"]), (30, 10, 3, True))
        self.assertEqual(found["sizes"], [10, 10, 10])
        self.assertAlmostEqual(found["inertia"], inertia_of(self.by_row(0), label), places=3)
        self.assertGreater(found["silhouette"], 0.5)
        found = self.json(self.gusto("cluster", self.groups, "--of", "items", "-k", "4", "--starts", "5", "-o", "i.csv", "--json"))
        label = self.labels("i.csv", ",")
        self.assertEqual(len(label), 10)
        self.assertEqual(len(set(label.values())), 4)
        self.assertAlmostEqual(found["inertia"], inertia_of(self.by_row(1), label), places=3)

    def test_text_says_the_same(self):
        told = dict(line.split(None, 1) for line in self.gusto("cluster", self.groups, "-k", "3").splitlines())
        found = self.json(self.gusto("cluster", self.groups, "-k", "3", "--json"))
        self.assertEqual(told["sizes"].split(), [str(n) for n in found["sizes"]])
        self.assertAlmostEqual(float(told["inertia"]), found["inertia"], places=3)
        self.assertEqual(told["iterations"], f"{found['iterations']}, converged")
        self.assertIn("silhouette      -\n", self.gusto("cluster", self.groups, "-k", "1"))
        self.assertIsNone(self.json(self.gusto("cluster", self.groups, "-k", "1", "--json"))["silhouette"])

    def test_sweep_takes_the_highest_silhouette(self):
        found = self.json(self.gusto("cluster", self.groups, "--sweep", "2:5:1", "--json", "-o", "u.tsv"))
        self.assertEqual([tried["clusters"] for tried in found["sweep"]], [2, 3, 4, 5])
        best = max(found["sweep"], key=lambda tried: tried["silhouette"])
        self.assertEqual((best["clusters"], found["clusters"], len(set(self.labels("u.tsv").values()))), (3, 3, 3))
        self.assertAlmostEqual(best["silhouette"], found["silhouette"])
        self.assertAlmostEqual(best["inertia"], found["inertia"])
        self.assertRegex(self.gusto("cluster", self.groups, "--sweep", "3:9:3"), r"(?m)^3 .* best$\n^6 .*\d$\n^9 .*\d$\n\npoints ")

    def test_container_of_clusters_is_features(self):
        self.gusto("cluster", self.groups, "-k", "3", "-o", "u.gusto")
        self.gusto("cluster", self.groups, "-k", "3", "-o", "u.tsv")
        self.container("u.gusto")
        result = self.run_gusto("fit", self.groups, "-m", "fmf", "-s", "epochs=2", "--user-features", "u.gusto", "-o", "m.gusto")
        self.assertIn(b"3 features of 30 users, 30 entries", result.stderr)
        again = self.json(self.gusto("cluster", "u.gusto", "-k", "3", "-o", "again.tsv", "--json"))
        self.assertEqual((again["inertia"], again["numbers"]), (0, 3))
        self.assertEqual(len(set(zip(self.labels("u.tsv").values(), self.labels("again.tsv").values()))), 3)

    def test_features_in_text(self):
        table = self.write("items.csv", "id,kind,size\n" + "".join(f"{j},{'ab'[j % 2]},{j % 2 * 100}\n" for j in range(12)))
        for arguments in (("--features",), ("--feature-columns", "kind:name")):
            found = self.json(self.gusto("cluster", table, *arguments, "-k", "2", "-o", "i.tsv", "--json"))
            self.assertEqual((found["points"], found["numbers"]), (12, 3 if arguments == ("--features",) else 2))
            label = self.labels("i.tsv")
            self.assertEqual([label[str(j)] == label["0"] for j in range(12)], [j % 2 == 0 for j in range(12)])

    def test_factors_of_a_model(self):
        model = self.fit()
        values = self.container("model.gusto")
        for of, tensor, n in (("users", "P", 40), ("items", "Q", 30), ("Q", "Q", 30)):
            found = self.json(self.gusto("cluster", model, "--of", of, "-k", "3", "--tolerance", "0", "-o", "c.tsv", "--json"))
            label = self.labels("c.tsv")
            rows = {row: dict(enumerate(numbers)) for row, numbers in zip(label, values[tensor])}
            self.assertEqual((found["points"], found["numbers"], len(label)), (n, 4, n))
            self.assertAlmostEqual(found["inertia"] / inertia_of(rows, label), 1, places=4)
            self.assertEqual(min(label), "10" if of == "users" else "100")

    def test_spherical_and_minibatches(self):
        doubled = self.write("doubled.csv", "user,item,rating\n" + "".join(f"{u},{i},{x * (1 + int(u[1:]) % 2)}\n" for u, i, x in three_groups()))
        found = self.json(self.gusto("cluster", doubled, "-k", "3", "--spherical", "-o", "s.tsv", "--json"))
        self.assertLess(found["inertia"], 30)
        label = self.labels("s.tsv")
        self.assertEqual([label[f"u{u:02}"] for u in range(30)], [label[f"u{u % 3:02}"] for u in range(30)])
        found = self.json(self.gusto("cluster", self.groups, "-k", "3", "--batch", "7", "--iterations", "2", "--json"))
        self.assertLessEqual(found["iterations"], 2)
        self.assertEqual(sum(found["sizes"]), 30)

    def test_same_bytes_at_any_threads(self):
        command = ("cluster", self.ratings, "--sweep", "2:6", "--starts", "3", "--json")
        one = self.gusto(*command, "--threads", "1", "-o", "1.tsv")
        self.assertEqual(one, self.gusto(*command, "--threads", "3", "-o", "3.tsv"))
        self.assertEqual(self.path("1.tsv").read_bytes(), self.path("3.tsv").read_bytes())

    def test_ids_are_quoted_in_csv(self):
        odd = self.write("odd.csv", 'user,item,rating\n"a,b",1,5\n"say ""x""",2,5\nplain,1,4\n')
        self.gusto("cluster", odd, "-k", "2", "-o", "o.csv")
        self.assertEqual(sorted(line.rsplit(",", 1)[0] for line in self.path("o.csv").read_text().splitlines()), ['"a,b"', '"say ""x"""', "id", "plain"])

    def test_says_what_is_wrong(self):
        model = self.fit()
        self.refused(BAD_USAGE, "cluster", self.ratings, says="either -k N or --sweep")
        self.refused(BAD_USAGE, "cluster", self.ratings, "-k", "2", "--sweep", "2:3", says="either -k N or --sweep")
        self.refused(BAD_USAGE, "cluster", self.ratings, "-k", "41", says="41 clusters of 40 rows")
        self.refused(BAD_USAGE, "cluster", self.ratings, "-k", "0", says="-k")
        self.refused(BAD_USAGE, "cluster", self.ratings, "--sweep", "2:60:7", says="58 clusters of 40 rows")
        for sweep in ("3", "3:2", "1:4", "2:4:0", "2:4:1:1", "2:4:", ":4", "2:x", "2:20000000"):
            self.refused(BAD_USAGE, "cluster", self.ratings, "--sweep", sweep, says="--sweep")
        self.refused(BAD_USAGE, "cluster", self.ratings, "-k", "2", "--of", "Q", says="--of Q")
        self.refused(BAD_USAGE, "cluster", model, "-k", "2", "--of", "R", says="no tensor R")
        self.refused(BAD_USAGE, "cluster", self.ratings, "-k", "2", "--features", "--of", "items", says="--of items")
        self.refused(BAD_USAGE, "cluster", self.ratings, "-k", "2", "-o", "c.json", says=".tsv, .csv, or a container")
        self.refused(BAD_USAGE, "cluster", self.ratings, "-k", "2", "-o", self.ratings, says="-o")
        self.refused(BAD_IO, "cluster", "none.tsv", "-k", "2", says="none.tsv")
        self.refused(BAD_INPUT, "cluster", self.write("bad.tsv", "1\t2\t3\nx\n"), "-k", "2", says="bad.tsv")

    def test_interrupted_writes_what_there_is(self):
        self.gusto("synth", "--users", "3000", "--items", "500", "--ratings", "60000", "-o", "s.ratings")
        command = [GUSTO, "cluster", "s.ratings", "-k", "64", "--starts", "100000", "-o", "c.tsv"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.folder)
        try:
            process.communicate(timeout=4)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
        out, message = process.communicate(timeout=60)
        self.assertEqual(process.returncode, INTERRUPTED, message[-500:])
        self.assertIn(b"\ninertia ", out)
        self.assertEqual(len(self.labels("c.tsv")), 3000)


if __name__ == "__main__":
    unittest.main(verbosity=2)
