package dev.lateen.control.status;

import dev.lateen.config.Problem;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is said about an object, in the shape of Istio's {@code IstioStatus} (istio.io/api meta/v1alpha1): one condition
 * {@code Reconciled}, and one validation message for each problem. Pure, and without times.
 *
 * @param observedGeneration of the object that is spoken of
 * @param reconciled whether every proxy that the object is for works by it
 * @param reason one word: Active, NoProxies, Pending, Rejected, Shadowed, Invalid, Refused
 * @param message for people
 */
public record ObjectStatus(
        long observedGeneration, boolean reconciled, String reason, String message, List<Problem> problems)
        implements StatusText {
    private static final String PENDING = "Pending";

    /** How many late proxies are named. */
    private static final int NAMED = 3;

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
     * @param since generation of the first snapshot that held it as it is
     * @param proxies those that it is for
     * @param problems what is wrong with it beside others
     */
    static ObjectStatus of(long generation, long since, List<ProxyState> proxies, List<Problem> problems) {
        List<ProxyState> late = proxies.stream()
                .filter(proxy -> !proxy.has(since))
                .sorted(Comparator.comparing(ProxyState::name))
                .toList();
        List<String> parts = new ArrayList<>();
        parts.add("active on " + (proxies.size() - late.size()) + " of " + proxies.size() + " proxies");
        if (proxies.isEmpty()) {
            parts.add("none that it is for is connected");
        }
        late.stream()
                .limit(NAMED)
                .forEach(proxy -> parts.add(proxy.name() + " "
                        + (proxy.rejection().isEmpty() ? "has not accepted it yet" : proxy.rejection())));
        List<Problem> errors = problems.stream().filter(Problem::isError).toList();
        for (Problem error : errors) {
            String shadow = error.shadowedBy() == null ? "" : "shadowed by " + error.shadowedBy() + ": ";
            parts.add(shadow + line(error));
        }
        return new ObjectStatus(
                generation,
                late.isEmpty() && errors.isEmpty(),
                reason(proxies, late, errors),
                cut(String.join("; ", parts)),
                problems);
    }

    /** Whether proxies have yet to say something. */
    @Override
    public boolean isPending() {
        return reason.equals(PENDING);
    }

    @Override
    public @Nullable Map<String, Object> next(@Nullable Object current, Instant now) {
        return StatusDocument.next(current, this, now);
    }

    private static String reason(List<ProxyState> proxies, List<ProxyState> late, List<Problem> errors) {
        if (!errors.isEmpty()) {
            return errors.stream().anyMatch(error -> error.shadowedBy() != null) ? "Shadowed" : "Invalid";
        }
        if (late.isEmpty()) {
            return proxies.isEmpty() ? "NoProxies" : "Active";
        }
        return late.stream().anyMatch(proxy -> !proxy.rejection().isEmpty()) ? "Rejected" : PENDING;
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
