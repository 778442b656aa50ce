package dev.lateen.control.status;

import dev.lateen.config.Problem;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is said about an object, in the shape of Istio's {@code IstioStatus} (istio.io/api meta/v1alpha1): one condition
 * {@code Reconciled}, and one validation message for each problem. Pure, and without times.
 *
 * @param observedGeneration of the object that is spoken of
 * @param reconciled whether every proxy that the object is for works by it
 * @param reason one word: Active, NoProxies, Pending, Unreported, Rejected, Shadowed, Invalid, Refused
 * @param message for people
 */
public record ObjectStatus(
        long observedGeneration, boolean reconciled, String reason, String message, List<Problem> problems)
        implements StatusText {
    private static final String PENDING = "Pending";
    private static final String UNREPORTED = "Unreported";

    /** What proxies take to answer. */
    private static final Duration MOMENT = Duration.ofMillis(400);

    /** What another replica takes to tell, which it may do every five seconds. */
    private static final Duration REPORTING = Duration.ofSeconds(7);

    /** What is longer cannot help anyone, and an object has limits. */
    private static final int LONGEST = 2000;

    /** An object that could not be read; proxies keep what it said when it was last right. */
    static ObjectStatus refused(long generation, boolean hasFormer, List<Problem> problems) {
        return new ObjectStatus(generation, false, "Refused", refusal(hasFormer, problems), problems);
    }

    /** Why an object could not be read. */
    static String refusal(boolean hasFormer, List<Problem> problems) {
        String because = "refused because " + text(problems.stream().filter(Problem::isError));
        return cut(because) + (hasFormer ? "; proxies keep what it said before" : "");
    }

    /**
     * An object that was read.
     *
     * @param uptake of the proxies of all replicas that have told of theirs
     * @param silent the replicas that have not
     * @param problems what is wrong with it beside others
     */
    static ObjectStatus of(long generation, Uptake uptake, List<String> silent, List<Problem> problems) {
        List<String> parts = new ArrayList<>();
        parts.add("active on " + uptake.active() + " of " + uptake.proxies() + " proxies");
        if (uptake.proxies() == 0) {
            parts.add("none that it is for is connected");
        }
        for (Uptake.Late proxy : uptake.late()) {
            parts.add(proxy.name() + " " + (proxy.why().isEmpty() ? "has not accepted it yet" : proxy.why()));
        }
        silent.forEach(replica -> parts.add(replica + " has not told of its proxies yet"));
        List<Problem> errors = problems.stream().filter(Problem::isError).toList();
        for (Problem error : errors) {
            String shadow = error.shadowedBy() == null ? "" : "shadowed by " + error.shadowedBy() + ": ";
            parts.add(shadow + line(error));
        }
        return new ObjectStatus(
                generation,
                uptake.isWhole() && silent.isEmpty() && errors.isEmpty(),
                reason(uptake, silent, errors),
                cut(String.join("; ", parts)),
                problems);
    }

    @Override
    public Duration patience() {
        return switch (reason) {
            case PENDING -> MOMENT;
            case UNREPORTED -> REPORTING;
            default -> Duration.ZERO;
        };
    }

    @Override
    public @Nullable Map<String, Object> next(@Nullable Object current, Instant now) {
        return StatusDocument.next(current, this, now);
    }

    private static String reason(Uptake uptake, List<String> silent, List<Problem> errors) {
        if (!errors.isEmpty()) {
            return errors.stream().anyMatch(error -> error.shadowedBy() != null) ? "Shadowed" : "Invalid";
        }
        if (!uptake.isWhole()) {
            return uptake.rejected() ? "Rejected" : PENDING;
        }
        if (!silent.isEmpty()) {
            return UNREPORTED;
        }
        return uptake.proxies() == 0 ? "NoProxies" : "Active";
    }

    private static String text(java.util.stream.Stream<Problem> problems) {
        return String.join("; ", problems.map(ObjectStatus::line).toList());
    }

    static String line(Problem problem) {
        return problem.path().isEmpty() ? problem.message() : problem.path() + ": " + problem.message();
    }

    private static String cut(String text) {
        return text.length() <= LONGEST ? text : text.substring(0, LONGEST) + " …";
    }
}
