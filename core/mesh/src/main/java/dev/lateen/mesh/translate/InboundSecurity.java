package dev.lateen.mesh.translate;

import dev.lateen.config.MeshConfig;
import dev.lateen.config.security.PeerAuthentication.Mode;
import dev.lateen.mesh.ProxyNode;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.registry.Protocol;
import dev.lateen.mesh.security.FetchedKeys;
import dev.lateen.mesh.security.SecurityRules;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.FilterChainMatch;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What callers of one workload may do on each port: mutual TLS, plain text, or both, told apart by their first bytes.
 *
 * @param gateway whether requests come from outside, for routes that may ask for claims of their tokens
 * @param hasIdentity whether the workload's proxy has a certificate; without one only a rule that demands TLS makes it
 *     ask for it, and then nobody gets in
 */
record InboundSecurity(
        MeshConfig mesh,
        SecurityRules rules,
        FetchedKeys keys,
        ExternalAuthorizers authorizers,
        String namespace,
        Map<String, String> labels,
        boolean gateway,
        boolean hasIdentity) {
    static final String TLS = "tls";
    private static final String RAW = "raw_buffer";

    static InboundSecurity of(Snapshot snapshot, ProxyNode node) {
        Map<String, String> labels = Translation.labels(snapshot, node);
        return new InboundSecurity(
                snapshot.mesh(),
                snapshot.rules().security(),
                snapshot.fetchedKeys(),
                new ExternalAuthorizers(snapshot, Outbound.of(snapshot, node).clusters()::containsKey),
                node.namespace(),
                labels,
                node.type() == ProxyNode.Type.ROUTER,
                Encryption.MESH.equals(labels.get(Encryption.LABEL)));
    }

    /** What every request to the workload passes first. */
    List<HttpFilter> httpFilters() {
        Authorization authorization = authorization();
        List<HttpFilter> filters = new ArrayList<>(authorization.external(authorizers));
        filters.addAll(TokenRules.of(rules.authentications(namespace, labels), keys, gateway));
        filters.addAll(authorization.http());
        return filters;
    }

    /** What every connection to the workload passes first whose content is not read. */
    List<Filter> networkFilters(String statPrefix) {
        return authorization().network(statPrefix, authorizers);
    }

    private Authorization authorization() {
        return new Authorization(rules.policies(namespace, labels), TrustDomains.of(mesh));
    }

    /**
     * One kind of connection to a port.
     *
     * @param transport {@code tls}, {@code raw_buffer}, or empty for either
     * @param protocols of ALPN, or those that were found in the clear; empty for any
     * @param ends whether TLS ends here
     * @param http whether what is inside is read as HTTP
     */
    record Variant(MeshConfig mesh, String transport, List<String> protocols, boolean ends, boolean http) {
        FilterChain apply(FilterChain.Builder chain, FilterChainMatch.Builder match) {
            match.setTransportProtocol(transport).addAllApplicationProtocols(protocols);
            if (!match.build().equals(FilterChainMatch.getDefaultInstance())) {
                chain.setFilterChainMatch(match);
            }
            if (ends) {
                chain.setTransportSocket(MutualTls.server(mesh, http));
            }
            return chain.build();
        }
    }

    /**
     * The kinds of connections that a port takes; others are closed. Which they are in each mode is Istio's choice.
     *
     * @param port of the workload, 0 for all that no service has
     */
    List<Variant> variants(Protocol protocol, int port) {
        Mode mode = rules.mode(namespace, labels, port);
        if (mode == Mode.DISABLE || (mode == Mode.PERMISSIVE && !hasIdentity)) {
            return plain(protocol);
        }
        if (mode == Mode.STRICT) {
            return strict(protocol);
        }
        if (protocol.isOpaque()) {
            return List.of(tls(MutualTls.MESH, false), passed(RAW), passed(TLS));
        }
        if (protocol.isHttp()) {
            return List.of(tls(MutualTls.MESH, true), new Variant(mesh, RAW, List.of(), false, true));
        }
        return List.of(
                tls(MutualTls.MESH_HTTP, true),
                tls(MutualTls.MESH_TCP, false),
                new Variant(mesh, RAW, Filters.HTTP_PROTOCOLS, false, true),
                passed(RAW),
                passed(TLS));
    }

    private List<Variant> plain(Protocol protocol) {
        if (protocol.isOpaque()) {
            return List.of(passed(""));
        }
        if (protocol.isHttp()) {
            return List.of(new Variant(mesh, "", List.of(), false, true));
        }
        return List.of(new Variant(mesh, RAW, Filters.HTTP_PROTOCOLS, false, true), passed(""));
    }

    private List<Variant> strict(Protocol protocol) {
        if (protocol.isOpaque()) {
            return List.of(tls(List.of(), false));
        }
        if (protocol.isHttp()) {
            return List.of(tls(List.of(), true));
        }
        return List.of(tls(MutualTls.MESH_HTTP, true), tls(List.of(), false));
    }

    private Variant tls(List<String> protocols, boolean http) {
        return new Variant(mesh, TLS, protocols, true, http);
    }

    /** Bytes that are handed on as they are. */
    private Variant passed(String transport) {
        return new Variant(mesh, transport, List.of(), false, false);
    }
}
