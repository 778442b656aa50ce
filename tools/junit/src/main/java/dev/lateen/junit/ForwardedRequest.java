package dev.lateen.junit;

import dev.lateen.analysis.Explanation;
import dev.lateen.analysis.Names;
import dev.lateen.analysis.Outcome;
import dev.lateen.proxycore.filter.FaultInjection;
import dev.lateen.proxycore.route.ForwardPolicy.Destination;
import java.time.Duration;
import java.util.List;
import java.util.Objects;

/** Claims about a request that is forwarded; each throws an assertion error with the explanation when it is wrong. */
public final class ForwardedRequest {
    private final Explanation explanation;
    private final Outcome.Forwarded forwarded;

    ForwardedRequest(Explanation explanation, Outcome.Forwarded forwarded) {
        this.explanation = explanation;
        this.forwarded = forwarded;
    }

    /** All such requests go to this subset; empty for none. */
    public ForwardedRequest subset(String name) {
        List<String> subsets = forwarded.destinations().stream()
                .filter(destination -> destination.weight() > 0)
                .map(destination -> Names.subset(destination.cluster()))
                .distinct()
                .toList();
        return claim("subset", List.of(name), subsets);
    }

    /** So many percent of such requests go to this subset. */
    public ForwardedRequest share(String subset, double percent) {
        int all =
                forwarded.destinations().stream().mapToInt(Destination::weight).sum();
        int its = forwarded.destinations().stream()
                .filter(destination -> Names.subset(destination.cluster()).equals(subset))
                .mapToInt(Destination::weight)
                .sum();
        return claim("percent to subset " + subset, percent, all == 0 ? 0.0 : 100.0 * its / all);
    }

    /** To this port of the service. */
    public ForwardedRequest port(int number) {
        return claim("port", number, Names.port(forwarded.cluster()));
    }

    /** The whole request may take this long; zero for without limit. */
    public ForwardedRequest timeout(Duration duration) {
        return claim("timeout", duration, forwarded.timeout());
    }

    /** So many tries may follow the first. */
    public ForwardedRequest retries(int number) {
        return claim(
                "retries",
                number,
                forwarded.retries().conditions() == 0 ? 0 : forwarded.retries().retries());
    }

    /** One try may take this long; zero for no limit of its own. */
    public ForwardedRequest perTryTimeout(Duration duration) {
        return claim("per-try timeout", duration, forwarded.retries().perTryTimeout());
    }

    /** Services with these full names, and no others, get a copy. */
    public ForwardedRequest mirroredTo(String... hosts) {
        return claim(
                "mirrors",
                List.of(hosts),
                forwarded.mirrors().stream().map(Names::host).toList());
    }

    /** The app receives this path. */
    public ForwardedRequest path(String path) {
        return claim("path", path, forwarded.path());
    }

    /** The app receives this Host. */
    public ForwardedRequest authority(String host) {
        return claim("host", host, forwarded.authority());
    }

    /** The app receives this header field. */
    public ForwardedRequest header(String name, String value) {
        String wanted = name + ": " + value;
        boolean there = forwarded.headers().stream().anyMatch(header -> header.equalsIgnoreCase(wanted));
        return there ? this : claim("headers", wanted, forwarded.headers());
    }

    /** So many pods can answer. */
    public ForwardedRequest endpoints(int number) {
        return claim("endpoints", number, forwarded.endpoints().size());
    }

    /** So many percent of such requests are refused with this status before they reach the app. */
    public ForwardedRequest aborted(double percent, int status) {
        FaultInjection injection = injection();
        return claim(
                "aborted",
                percent + " % with " + status,
                percent(injection.aborted().numerator(), injection.aborted().denominator()) + " % with "
                        + injection.abortStatus());
    }

    /** So many percent of such requests wait this long before they reach the app. */
    public ForwardedRequest delayed(double percent, Duration delay) {
        FaultInjection injection = injection();
        return claim(
                "delayed",
                percent + " % by " + delay,
                percent(injection.delayed().numerator(), injection.delayed().denominator()) + " % by "
                        + injection.delay());
    }

    private FaultInjection injection() {
        return forwarded.injection() == null ? FaultInjection.NONE : forwarded.injection();
    }

    private static double percent(int numerator, int denominator) {
        return Math.min(100.0, 100.0 * numerator / denominator);
    }

    /** Why it goes where it goes. */
    public Explanation explanation() {
        return explanation;
    }

    private ForwardedRequest claim(String what, Object expected, Object actual) {
        if (!Objects.equals(expected, actual)) {
            throw Claim.failed(what + " " + expected, what + " " + actual, explanation);
        }
        return this;
    }
}
