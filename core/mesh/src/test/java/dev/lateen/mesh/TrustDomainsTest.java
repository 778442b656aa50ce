package dev.lateen.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.rbac.v3.Principal;
import io.envoyproxy.envoy.extensions.filters.http.rbac.v3.RBAC;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A mesh that is known by several trust domains: MeshConfig trustDomain and trustDomainAliases. */
class TrustDomainsTest {
    private static Mesh mesh(String settings) {
        return new Mesh()
                .with(Mesh.pod("web-0", "10.244.0.9", "app: web, security.istio.io/tlsMode: istio"))
                .settings(settings)
                .at("10.244.0.9");
    }

    @Test
    void callers_of_each_of_them_are_of_the_mesh_and_no_others() {
        FilterChain chain = mesh("{trustDomain: new.example, trustDomainAliases: [old.example]}")
                .with("""
                apiVersion: security.istio.io/v1
                kind: PeerAuthentication
                metadata: {name: all}
                spec: {mtls: {mode: STRICT}}
                """)
                .listener("virtualInbound")
                .getFilterChainsList()
                .stream()
                .filter(FilterChain::hasTransportSocket)
                .findFirst()
                .orElseThrow();
        assertThat(Mesh.unpack(chain.getTransportSocket().getTypedConfig(), DownstreamTlsContext.class)
                        .getCommonTlsContext()
                        .getCombinedValidationContext()
                        .getDefaultValidationContext()
                        .getMatchTypedSubjectAltNamesList())
                .extracting(name -> name.getMatcher().getPrefix())
                .containsExactly("spiffe://new.example/", "spiffe://old.example/");
    }

    /** Settings, a rule's principal, and the names of certificates that it means. */
    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
            {};                                                              cluster.local/ns/a/sa/b; cluster.local/ns/a/sa/b
            {trustDomain: new.example};                                      cluster.local/ns/a/sa/b; new.example/ns/a/sa/b
            {trustDomain: new.example};                                      new.example/ns/a/sa/b;   new.example/ns/a/sa/b
            {trustDomain: new.example};                                      other/ns/a/sa/b;         other/ns/a/sa/b
            {trustDomain: new.example, trustDomainAliases: [old.example]};   cluster.local/ns/a/sa/b; new.example/ns/a/sa/b old.example/ns/a/sa/b
            {trustDomain: new.example, trustDomainAliases: [old.example]};   old.example/ns/a/sa/b;   new.example/ns/a/sa/b old.example/ns/a/sa/b
            {trustDomain: new.example, trustDomainAliases: [old.example]};   other/ns/a/sa/b;         other/ns/a/sa/b
            """)
    void a_principal_of_the_mesh_is_one_of_each(String settings, String principal, String names) {
        FilterChain chain =
                mesh(settings).with("""
                apiVersion: security.istio.io/v1
                kind: AuthorizationPolicy
                metadata: {name: some}
                spec: {rules: [{from: [{source: {principals: ["%s"]}}]}]}
                """.formatted(principal)).listener("virtualInbound").getFilterChainsList().stream()
                        .filter(c ->
                                c.getFilters(c.getFiltersCount() - 1).getName().endsWith("http_connection_manager"))
                        .findFirst()
                        .orElseThrow();
        RBAC rbac = io
                .envoyproxy
                .envoy
                .extensions
                .filters
                .network
                .http_connection_manager
                .v3
                .HttpConnectionManager
                .class
                .cast(Mesh.unpack(
                        chain.getFilters(chain.getFiltersCount() - 1).getTypedConfig(),
                        io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                                .class))
                .getHttpFiltersList()
                .stream()
                .filter(f -> f.getTypedConfig().is(RBAC.class))
                .map(f -> Mesh.unpack(f.getTypedConfig(), RBAC.class))
                .findFirst()
                .orElseThrow();
        List<String> found = new ArrayList<>();
        rbac.getRules().getPoliciesMap().values().forEach(policy -> policy.getPrincipalsList()
                .forEach(one -> collect(one, found)));
        assertThat(String.join(" ", found).replace("spiffe://", "")).isEqualTo(names);
    }

    private static void collect(Principal principal, List<String> names) {
        switch (principal.getIdentifierCase()) {
            case AND_IDS -> principal.getAndIds().getIdsList().forEach(one -> collect(one, names));
            case OR_IDS -> principal.getOrIds().getIdsList().forEach(one -> collect(one, names));
            case AUTHENTICATED ->
                names.add(principal.getAuthenticated().getPrincipalName().getExact());
            default -> {}
        }
    }
}
