package dev.lateen.proxycore.limit;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.head.RequestHead;
import io.envoyproxy.envoy.config.route.v3.RateLimit;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;

/**
 * What a route says about requests to rate limit services ({@code envoy.config.route.v3.RateLimit}): its own {@code
 * rate_limits}, and those of its virtual host where it has none or asks for both. Immutable.
 */
public final class RateLimits {
    /** Nothing. */
    public static final RateLimits NONE = new RateLimits(List.of());

    private final List<Rule> rules;

    /** One thing said about a request; a descriptor is a list of them, in which keys may repeat. */
    public record Entry(String key, String value) {}

    /** What makes one descriptor, for the filters of one stage. */
    private record Rule(int stage, List<RateLimitAction> actions) {}

    private RateLimits(List<Rule> rules) {
        this.rules = List.copyOf(rules);
    }

    /** Compiles {@code rate_limits}; what cannot be honoured is refused. */
    public static RateLimits of(List<RateLimit> protos, Place at) throws CompileException {
        List<Rule> rules = new ArrayList<>();
        for (int i = 0; i < protos.size(); i++) {
            RateLimit proto = protos.get(i);
            Place here = at.item("rate_limits", i);
            if (proto.getActionsCount() == 0) {
                throw here.refuse("no action");
            }
            List<RateLimitAction> actions = new ArrayList<>();
            for (int a = 0; a < proto.getActionsCount(); a++) {
                actions.add(RateLimitAction.of(proto.getActions(a), here.item("actions", a)));
            }
            rules.add(new Rule(proto.hasStage() ? here.number(proto.getStage()) : 0, List.copyOf(actions)));
        }
        return rules.isEmpty() ? NONE : new RateLimits(rules);
    }

    /** Those of a route below a virtual host with these. */
    public RateLimits over(RateLimits host, boolean both) {
        if (rules.isEmpty()) {
            return host;
        }
        if (!both || host.rules.isEmpty()) {
            return this;
        }
        List<Rule> all = new ArrayList<>(rules);
        all.addAll(host.rules);
        return new RateLimits(all);
    }

    /**
     * The descriptors of a request. Empty when there is nothing to ask.
     *
     * @param stage of the filter that asks
     * @param client the client's address, as proxies that are trusted tell it
     * @param source the cluster of this proxy's own workload
     * @param destination the cluster that the route leads to
     */
    public List<List<Entry>> descriptors(
            int stage, RequestHead head, InetAddress client, String source, String destination) {
        List<List<Entry>> descriptors = new ArrayList<>();
        RateLimitAction.Subject subject = new RateLimitAction.Subject(head, client, source, destination);
        for (Rule rule : rules) {
            List<Entry> entries = rule.stage == stage ? entries(rule, subject) : List.of();
            if (!entries.isEmpty()) {
                descriptors.add(entries);
            }
        }
        return descriptors;
    }

    private static List<Entry> entries(Rule rule, RateLimitAction.Subject subject) {
        List<Entry> entries = new ArrayList<>();
        for (RateLimitAction action : rule.actions) {
            switch (action.of(subject)) {
                case RateLimitAction.Said.Value(var entry) -> entries.add(entry);
                case RateLimitAction.Said.Nothing _ -> {}
                case RateLimitAction.Said.NoDescriptor _ -> {
                    return List.of();
                }
            }
        }
        return entries;
    }
}
