package dev.lateen.demo;

import java.time.Duration;
import java.util.List;

/**
 * What became of a chapter.
 *
 * @param chapter its name
 * @param title its title
 * @param status what became of it as a whole
 * @param claims its claims, in their order
 * @param absent parts that it would have shown and that do not exist
 * @param problem why it could not go on; empty when it went to its end
 * @param took how long it took
 * @param waited how much of that its lines only let pass, as the text asks for
 */
public record Outcome(
        String chapter,
        String title,
        Status status,
        List<Claim> claims,
        List<String> absent,
        String problem,
        Duration took,
        Duration waited) {
    /** A chapter without a claim that could fail has not passed. */
    public enum Status {
        PASSED,
        FAILED,
        ABSENT
    }

    public Outcome {
        claims = List.copyOf(claims);
        absent = List.copyOf(absent);
    }

    static Outcome of(
            String chapter,
            String title,
            List<Claim> claims,
            List<String> absent,
            String problem,
            Duration took,
            Duration waited) {
        Status status;
        if (!problem.isEmpty() || claims.stream().anyMatch(claim -> !claim.holds())) {
            status = Status.FAILED;
        } else if (!claims.isEmpty()) {
            status = Status.PASSED;
        } else {
            status = absent.isEmpty() ? Status.FAILED : Status.ABSENT;
        }
        return new Outcome(chapter, title, status, claims, absent, problem, took, waited);
    }
}
