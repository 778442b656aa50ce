package dev.lateen.proxycore.route;

import dev.lateen.proxycore.Trace;
import dev.lateen.proxycore.Trace.Verdict;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.match.HeaderMatcher.HeaderRef;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** One route: conditions, and what they lead to ({@code envoy.config.route.v3.Route}). */
record Route(RouteInfo info, RouteMatcher matcher, Target target) {

    RouteAction decide(int position, RequestHead head, RandomGenerator random, Trace trace) {
        RouteAction action = target.choose(head, random);
        if (trace.on()) {
            trace.note(Verdict.CHOSEN, describe(position), matcher.why(), info.origin());
            target.explain(action, trace);
        }
        return action;
    }

    String describe(int position) {
        return "route " + (info.name().isEmpty() ? "" : "\"" + info.name() + "\" ") + "[" + position + "]";
    }

    List<String> clusters() {
        return target.clusters();
    }

    /** What a route leads to. */
    sealed interface Target {
        RouteAction choose(RequestHead head, RandomGenerator random);

        void explain(RouteAction chosen, Trace trace);

        List<String> clusters();
    }

    /** Always the same action. */
    record Fixed(RouteAction action) implements Target {
        @Override
        public RouteAction choose(RequestHead head, RandomGenerator random) {
            return action;
        }

        @Override
        public void explain(RouteAction chosen, Trace trace) {
            if (chosen instanceof Forward forward) {
                trace.note(Verdict.CHOSEN, "cluster \"" + forward.cluster() + "\"", "the route's only destination");
            }
        }

        @Override
        public List<String> clusters() {
            return action instanceof Forward forward ? withMirrors(List.of(forward)) : List.of();
        }
    }

    /** The cluster that a header names. */
    record ByHeader(HeaderRef header, Forward template) implements Target {
        @Override
        public RouteAction choose(RequestHead head, RandomGenerator random) {
            String cluster = header.in(head);
            return template.to(cluster == null ? "" : cluster);
        }

        @Override
        public void explain(RouteAction chosen, Trace trace) {
            trace.note(Verdict.CHOSEN, String.valueOf(chosen), "header " + header + " names the cluster");
        }

        @Override
        public List<String> clusters() {
            return withMirrors(List.of());
        }
    }

    /** One of several clusters by weight. */
    static final class Weighted implements Target {
        private final List<Forward> actions;
        private final int[] ends;

        /** {@code ends[i]} is the sum of the weights up to and with {@code i}. */
        Weighted(List<Forward> actions, int[] ends) {
            this.actions = List.copyOf(actions);
            this.ends = ends.clone();
        }

        @Override
        public RouteAction choose(RequestHead head, RandomGenerator random) {
            int roll = random.nextInt(ends[ends.length - 1]);
            int i = 0;
            while (roll >= ends[i]) {
                i++;
            }
            return actions.get(i);
        }

        @Override
        public void explain(RouteAction chosen, Trace trace) {
            int total = ends[ends.length - 1];
            for (int i = 0; i < ends.length; i++) {
                int weight = ends[i] - (i == 0 ? 0 : ends[i - 1]);
                trace.note(
                        actions.get(i).equals(chosen) ? Verdict.CHOSEN : Verdict.SKIPPED,
                        "cluster \"" + actions.get(i).cluster() + "\"",
                        "weight " + weight + " of " + total);
            }
        }

        @Override
        public List<String> clusters() {
            return withMirrors(actions);
        }
    }

    private static List<String> withMirrors(List<Forward> forwards) {
        List<String> names = new ArrayList<>();
        for (Forward forward : forwards) {
            names.add(forward.cluster());
            forward.policy().mirrors().forEach(mirror -> names.add(mirror.cluster()));
        }
        names.removeIf(String::isEmpty);
        return names;
    }
}
