package dev.lateen.junit;

import dev.lateen.analysis.Explanation;
import org.opentest4j.AssertionFailedError;

/** Claims that do not hold. */
final class Claim {
    private Claim() {}

    /** The error: what was claimed, what is, and how it came about. */
    static AssertionFailedError failed(String expected, String actual, Explanation explanation) {
        return new AssertionFailedError(
                "expected: " + expected + "\n but it: " + actual + "\n" + explanation, expected, actual);
    }
}
