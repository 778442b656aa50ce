package dev.lateen.proxycore.listener;

import dev.lateen.proxycore.Cidr;
import dev.lateen.proxycore.ConnectionFacts;
import dev.lateen.proxycore.Trace;
import dev.lateen.proxycore.Trace.Verdict;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Chooses a filter chain: criterion by criterion, those that fit most exactly stay, and there is no way back (Envoy
 * documentation, {@code envoy.config.listener.v3.FilterChainMatch}, rules 1 to 9). So a chain for a port hides the
 * chains without a port, even when none of the former fits in the end.
 */
final class ChainTable {
    /** How exactly a chain fits in one criterion: the more, the better; -1 for not at all, 0 for not asking. */
    private record Criterion(String name, ToIntFunction<ChainMatch> fit) {}

    private final List<FilterChain> chains;

    ChainTable(List<FilterChain> chains) {
        this.chains = chains;
    }

    @Nullable
    FilterChain match(ConnectionFacts facts, Trace trace) {
        InetAddress destination = facts.destination().getAddress();
        InetAddress source = facts.source().getAddress();
        int sourcePort = facts.source().getPort();
        boolean local = source != null && (source.isLoopbackAddress() || source.equals(destination));
        List<Criterion> criteria = List.of(
                new Criterion(
                        "destination port",
                        m -> fit(
                                m.destinationPort() == 0,
                                m.destinationPort() == facts.destination().getPort())),
                new Criterion("destination address", m -> range(m.destinations(), destination)),
                new Criterion("server name", m -> serverName(m.serverNames(), facts.serverName())),
                new Criterion(
                        "transport protocol",
                        m -> fit(
                                m.transportProtocol().isEmpty(),
                                m.transportProtocol().equals(facts.transportProtocol()))),
                new Criterion(
                        "application protocols",
                        m -> fit(
                                m.applicationProtocols().isEmpty(),
                                facts.applicationProtocols().stream().anyMatch(m.applicationProtocols()::contains))),
                new Criterion(
                        "source type",
                        m -> fit(
                                m.sourceType() == ChainMatch.SourceType.ANY,
                                (m.sourceType() == ChainMatch.SourceType.SAME_IP_OR_LOOPBACK) == local)),
                new Criterion("source address", m -> range(m.sources(), source)),
                new Criterion(
                        "source port",
                        m -> fit(m.sourcePorts().isEmpty(), m.sourcePorts().contains(sourcePort))));
        List<FilterChain> left = chains;
        for (Criterion criterion : criteria) {
            left = narrow(left, criterion, trace);
            if (left.isEmpty()) {
                return null;
            }
        }
        if (trace.on()) {
            trace.note(Verdict.CHOSEN, left.getFirst().describe(), "it fits the connection most exactly");
        }
        return left.getFirst();
    }

    private static List<FilterChain> narrow(List<FilterChain> chains, Criterion criterion, Trace trace) {
        int best = -1;
        int worst = Integer.MAX_VALUE;
        for (FilterChain chain : chains) {
            int fit = criterion.fit.applyAsInt(chain.match());
            worst = Math.min(worst, fit);
            best = Math.max(best, fit);
        }
        if (worst == best && best >= 0) {
            return chains;
        }
        List<FilterChain> left = new ArrayList<>();
        for (FilterChain chain : chains) {
            int fit = criterion.fit.applyAsInt(chain.match());
            if (fit == best && best >= 0) {
                left.add(chain);
            } else if (trace.on()) {
                trace.note(
                        Verdict.SKIPPED,
                        chain.describe(),
                        fit < 0
                                ? criterion.name + " does not match"
                                : "another chain matches the " + criterion.name + " more exactly");
            }
        }
        return left;
    }

    private static int fit(boolean notAsked, boolean matches) {
        return notAsked ? 0 : matches ? 1 : -1;
    }

    private static int range(List<Cidr> ranges, @Nullable InetAddress address) {
        if (ranges.isEmpty()) {
            return 0;
        }
        int best = -1;
        for (Cidr range : ranges) {
            if (address != null && range.contains(address)) {
                best = Math.max(best, 1 + range.length());
            }
        }
        return best;
    }

    private static int serverName(List<String> names, String serverName) {
        if (names.isEmpty()) {
            return 0;
        }
        int best = -1;
        for (String name : names) {
            if (name.equals(serverName)) {
                return Integer.MAX_VALUE;
            }
            if (name.startsWith("*")
                    && serverName.length() >= name.length()
                    && serverName.endsWith(name.substring(1))) {
                best = Math.max(best, name.length());
            }
        }
        return best;
    }
}
