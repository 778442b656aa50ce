"""python3 -m unittest discover -s bench -p '*_test.py'"""

import unittest

from report import document, percentile, ratios, shown, spread, table, verdict
from scenarios import SCENARIOS, Scenario


def rounds(*cpus, **more):
    return [{"cpu_us": cpu, "rps": 1000.0, "p50_ms": 1.0, "p99_ms": 2.0, "rest_mib": 30.0, "load_mib": 40.0, "others": 0.0,
             **more} for cpu in cpus]


class Statistics(unittest.TestCase):
    def test_percentile_is_the_nearest_rank(self):
        hundred = list(range(1, 101))
        for percent, expected in ((50, 50), (99, 99), (99.9, 100), (100, 100), (0, 1)):
            with self.subTest(percent=percent):
                self.assertEqual(percentile(hundred, percent), expected)
        self.assertEqual(percentile([7], 99), 7)
        self.assertEqual(percentile([1, 2], 50), 1)
        self.assertEqual(percentile([1, 2], 51), 2)

    def test_spread(self):
        self.assertEqual(spread([3, 1, 2]), (2, 1, 3))
        self.assertEqual(spread([4, 1, 2, 3]), (2.5, 1, 4))

    def test_ratios_are_of_the_same_round(self):
        # The machine was twice as slow in the second round, for both.
        self.assertEqual(ratios(rounds(10, 20, 12), rounds(20, 40, 20)), (0.5, 0.5, 0.6))

    def test_rounds_must_be_as_many(self):
        with self.assertRaises(ValueError):
            ratios(rounds(1, 2), rounds(1))

    def test_verdict(self):
        for bar, ratio, expected in (
                (None, 3, ""),
                (0.5, 0.5, "held: 0.50 of at most 0.50"),
                (0.5, 0.51, "MISSED: 0.51 of at most 0.50")):
            with self.subTest(bar=bar, ratio=ratio):
                self.assertEqual(verdict(bar, ratio), expected)

    def test_shown(self):
        self.assertEqual(shown((1.25, 1.0, 3.0), 1), "1.2 (1.0 to 3.0)")


class Text(unittest.TestCase):
    scenario = Scenario("small answers", "http1", 16, "lateen envoy", bars={"lateen": 0.5})

    def test_table(self):
        text = table("http1-16", self.scenario, {"lateen": rounds(20, 21, 22), "envoy": rounds(50, 50, 50)})
        self.assertIn("## http1-16: small answers\n", text)
        self.assertIn("| lateen | 21.0 (20.0 to 22.0) | 0.42 (0.40 to 0.44) | held: 0.42 of at most 0.50 | 1000 | "
                      "1.00 | 2.00 |  | 30, 40 |\n", text)
        self.assertIn("| envoy | 50.0 (50.0 to 50.0) | 1.00 (1.00 to 1.00) |  |", text)

    def test_columns_agree(self):
        lines = [line for line in table("x", self.scenario, {"lateen": rounds(1), "envoy": rounds(1)}).splitlines()
                 if line.startswith("|")]
        self.assertEqual({line.count("|") for line in lines}, {10})

    def test_fixed_rate(self):
        scenario = Scenario("at a rate", "http1", 16, "lateen envoy", fixed_rate=True)
        text = table("rate", scenario, {
            "lateen": rounds(20, p99_ms=3.0, p999_ms=9.0, late_ms=0.2), "envoy": rounds(40, p999_ms=5.0, late_ms=0.4)})
        self.assertIn("1000 requests/s, which is half of Envoy's maximum", text)
        self.assertIn("p99 of 0.30 (0.20 to 0.40) ms", text)
        self.assertIn("MISSED: 1.50 of at most 1.00", text)

    def document(self, rounds_made, others):
        facts = {"date": "2026-01-01 00:00 UTC", "command": "bench/run proxy", "commit": "abc", "rounds": rounds_made,
                 "lines": ["machine: M"]}
        results = {"http1-16": {who: rounds(*[1] * rounds_made, others=others) for who in ("lateen", "envoy")}}
        return document(facts, {"http1-16": self.scenario}, results)

    def test_document_says_what_it_is_worth(self):
        self.assertIn("- machine: M\n", self.document(5, 0.0))
        for rounds_made, others, words in ((5, 0.5, "was not quiet"), (4, 0.0, "only 4 rounds")):
            with self.subTest(words=words):
                self.assertIn(words, self.document(rounds_made, others))
                self.assertNotIn(words, self.document(5, 0.0))


class Data(unittest.TestCase):
    def test_scenarios_name_those_who_take_part(self):
        for name, scenario in SCENARIOS.items():
            with self.subTest(name):
                self.assertIn(scenario.base, scenario.proxies.split())
                self.assertLessEqual(set(scenario.bars), set(scenario.proxies.split()))
                if scenario.pair:
                    self.assertNotRegex(scenario.proxies, "haproxy|nginx")


if __name__ == "__main__":
    unittest.main()
