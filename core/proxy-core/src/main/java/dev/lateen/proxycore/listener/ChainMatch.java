package dev.lateen.proxycore.listener;

import com.google.protobuf.UInt32Value;
import dev.lateen.proxycore.Cidr;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import io.envoyproxy.envoy.config.core.v3.CidrRange;
import io.envoyproxy.envoy.config.listener.v3.FilterChainMatch;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Which connections a filter chain takes; an empty part takes all ({@code
 * envoy.config.listener.v3.FilterChainMatch}).
 *
 * @param destinationPort 0 for any
 * @param destinations ranges of the destination address
 * @param serverNames lower-case names, or {@code *.suffix}
 * @param transportProtocol {@code tls}, {@code raw_buffer} or empty
 * @param applicationProtocols any of these
 * @param sourceType whether the client is on the same machine, elsewhere, or either
 * @param sources ranges of the source address
 * @param sourcePorts any of these
 */
public record ChainMatch(
        int destinationPort,
        List<Cidr> destinations,
        List<String> serverNames,
        String transportProtocol,
        Set<String> applicationProtocols,
        SourceType sourceType,
        List<Cidr> sources,
        Set<Integer> sourcePorts) {
    /** Takes every connection. */
    public static final ChainMatch ANY =
            new ChainMatch(0, List.of(), List.of(), "", Set.of(), SourceType.ANY, List.of(), Set.of());

    /** Where the client is. */
    public enum SourceType {
        ANY,
        SAME_IP_OR_LOOPBACK,
        EXTERNAL
    }

    public ChainMatch {
        destinations = List.copyOf(destinations);
        serverNames = List.copyOf(serverNames);
        applicationProtocols = Set.copyOf(applicationProtocols);
        sources = List.copyOf(sources);
        sourcePorts = Set.copyOf(sourcePorts);
    }

    static ChainMatch of(FilterChainMatch proto, Place at) throws CompileException {
        List<String> serverNames = new ArrayList<>();
        for (String name : proto.getServerNamesList()) {
            if (name.equals("*") || name.indexOf('*', 1) > 0 || (name.startsWith("*") && !name.startsWith("*."))) {
                throw at.field("server_names").refuse("not a server name, nor *. with a suffix: \"" + name + "\"");
            }
            serverNames.add(name.toLowerCase(Locale.ROOT));
        }
        String transport = proto.getTransportProtocol();
        return new ChainMatch(
                port(proto.getDestinationPort(), at.field("destination_port")),
                ranges(proto.getPrefixRangesList(), at, "prefix_ranges"),
                serverNames,
                transport,
                Set.copyOf(proto.getApplicationProtocolsList()),
                switch (proto.getSourceType()) {
                    case ANY -> SourceType.ANY;
                    case SAME_IP_OR_LOOPBACK -> SourceType.SAME_IP_OR_LOOPBACK;
                    case EXTERNAL -> SourceType.EXTERNAL;
                    case UNRECOGNIZED -> throw at.field("source_type").refuse("not a source type");
                },
                ranges(proto.getSourcePrefixRangesList(), at, "source_prefix_ranges"),
                Set.copyOf(proto.getSourcePortsList()));
    }

    private static int port(UInt32Value value, Place at) throws CompileException {
        int port = value.getValue();
        if (port < 0 || port > 65_535) {
            throw at.refuse("not a port: " + port);
        }
        return port;
    }

    private static List<Cidr> ranges(List<CidrRange> protos, Place at, String field) throws CompileException {
        List<Cidr> ranges = new ArrayList<>();
        for (int i = 0; i < protos.size(); i++) {
            ranges.add(Cidr.of(protos.get(i), at.item(field, i)));
        }
        return ranges;
    }
}
