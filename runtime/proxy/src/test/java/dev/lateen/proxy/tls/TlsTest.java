package dev.lateen.proxy.tls;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.tls.ClientTls;
import dev.lateen.proxycore.tls.Material;
import dev.lateen.proxycore.tls.ServerTls;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CommonTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CommonTlsContext.CombinedCertificateValidationContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SdsSecretConfig;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.TlsParameters;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import io.netty.buffer.ByteBuf;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Handshakes between both of the proxy's sides, as Istio configures them, in memory, with both libraries. */
class TlsTest {
    private static final Instant NOW = Instant.parse("2026-06-01T00:00:00Z");
    private static final Clock CLOCK = Clock.fixed(NOW, java.time.ZoneOffset.UTC);
    private static final String CLIENT = "spiffe://cluster.local/ns/shop/sa/client";
    private static final String WEB = "spiffe://cluster.local/ns/shop/sa/web";
    private static final TestAuthority MESH = TestAuthority.create(NOW);
    private static final TestAuthority OTHERS = TestAuthority.create(NOW);

    /** How one end is: what it shows, whom it trusts. */
    record End(Material.@Nullable Certificate own, Material.Trust trust) {}

    private record Result(String client, String server) {}

    @Test
    void the_native_library_is_there() {
        assertThat(OpenSsl.isAvailable())
                .as(String.valueOf(OpenSsl.unavailabilityCause()))
                .isTrue();
    }

    static Stream<Arguments> cases() {
        Instant before = NOW.minusSeconds(60);
        Instant after = NOW.plusSeconds(3600);
        Material.Certificate web = MESH.issue(WEB, before, after);
        Material.Certificate client = MESH.issue(CLIENT, before, after);
        Material.Certificate old = MESH.issue(WEB, NOW.minusSeconds(7200), NOW.minusSeconds(10));
        Material.Trust mesh = MESH.trust();
        End good = new End(client, mesh);
        End server = new End(web, mesh);
        return Stream.of(SslProvider.OPENSSL, SslProvider.JDK)
                .flatMap(provider -> Stream.of(
                        Arguments.of(provider, "both known", good, server, "ok " + WEB, "ok " + CLIENT),
                        Arguments.of(
                                provider,
                                "RSA as well",
                                new End(MESH.issue(CLIENT, before, after, "RSA", 2048), mesh),
                                server,
                                "ok " + WEB,
                                "ok " + CLIENT),
                        Arguments.of(
                                provider, "client without a certificate", new End(null, mesh), server, null, "refused"),
                        Arguments.of(
                                provider,
                                "client of another authority",
                                new End(OTHERS.issue(CLIENT, before, after), mesh),
                                server,
                                null,
                                "is not trusted"),
                        Arguments.of(
                                provider,
                                "client that signed for itself",
                                new End(MESH.selfSigned(CLIENT, before, after), mesh),
                                server,
                                null,
                                "is not trusted"),
                        Arguments.of(
                                provider,
                                "server that signed for itself",
                                good,
                                new End(MESH.selfSigned(WEB, before, after), mesh),
                                "is not trusted",
                                null),
                        Arguments.of(
                                provider,
                                "client that expired",
                                new End(MESH.issue(CLIENT, NOW.minusSeconds(7200), NOW.minusSeconds(10)), mesh),
                                server,
                                null,
                                "is not trusted"),
                        Arguments.of(
                                provider,
                                "client of tomorrow",
                                new End(MESH.issue(CLIENT, NOW.plusSeconds(7200), NOW.plusSeconds(8000)), mesh),
                                server,
                                null,
                                "is not trusted"),
                        Arguments.of(
                                provider,
                                "client that was revoked",
                                good,
                                new End(web, MESH.trustWithout(client, NOW)),
                                null,
                                "is not trusted"),
                        Arguments.of(
                                provider,
                                "server that is a root itself",
                                new End(client, new Material.Trust(web.chain(), "", false)),
                                server,
                                "ok " + WEB,
                                "ok " + CLIENT),
                        Arguments.of(
                                provider,
                                "server that is a root itself and expired",
                                new End(client, new Material.Trust(old.chain(), "", false)),
                                new End(old, mesh),
                                "is not trusted",
                                null),
                        Arguments.of(
                                provider,
                                "server of another authority",
                                good,
                                new End(OTHERS.issue(WEB, before, after), mesh),
                                "is not trusted",
                                null),
                        Arguments.of(
                                provider,
                                "server that is somebody else",
                                good,
                                new End(MESH.issue("spiffe://cluster.local/ns/shop/sa/thief", before, after), mesh),
                                "bears none of the wanted names",
                                null),
                        Arguments.of(
                                provider,
                                "server of another trust domain",
                                good,
                                new End(MESH.issue("spiffe://evil.example/ns/shop/sa/web", before, after), mesh),
                                "bears none of the wanted names",
                                null)));
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("cases")
    void who_gets_in(
            SslProvider provider,
            String what,
            End client,
            End server,
            @Nullable String atClient,
            @Nullable String atServer)
            throws Exception {
        Result result = handshake(provider, store(client), store(server), client.own() != null);
        if (atClient != null) {
            assertThat(result.client()).contains(atClient);
        }
        if (atServer != null) {
            assertThat(result.server()).contains(atServer);
        }
    }

    @Test
    void a_new_certificate_is_used_from_then_on_and_a_missing_one_is_named() throws Exception {
        SecretStore client =
                store(new End(MESH.issue(CLIENT, NOW.minusSeconds(60), NOW.plusSeconds(60)), MESH.trust()));
        SecretStore server = store(new End(MESH.issue(WEB, NOW.minusSeconds(60), NOW.plusSeconds(60)), MESH.trust()));
        TlsContexts contexts = new TlsContexts(client, CLOCK, SslProvider.OPENSSL);
        var first = contexts.client(clientTls(true));
        assertThat(contexts.client(clientTls(true))).isSameAs(first);

        String another = "spiffe://cluster.local/ns/shop/sa/another";
        client.put(SecretStore.OWN, MESH.issue(another, NOW.minusSeconds(60), NOW.plusSeconds(60)));
        assertThat(contexts.client(clientTls(true))).isNotSameAs(first);
        assertThat(handshake(SslProvider.OPENSSL, client, server, true).server())
                .isEqualTo("ok " + another);

        client.remove(SecretStore.ROOTS);
        assertThat(org.assertj.core.api.Assertions.catchThrowable(() -> contexts.client(clientTls(true))))
                .hasMessage("secret \"ROOTCA\" has not come yet");
    }

    @Test
    void the_protocol_is_the_first_of_the_servers_that_the_client_offers() throws Exception {
        SecretStore client =
                store(new End(MESH.issue(CLIENT, NOW.minusSeconds(60), NOW.plusSeconds(60)), MESH.trust()));
        SecretStore server = store(new End(MESH.issue(WEB, NOW.minusSeconds(60), NOW.plusSeconds(60)), MESH.trust()));
        for (SslProvider provider : List.of(SslProvider.OPENSSL, SslProvider.JDK)) {
            EmbeddedChannel left = new EmbeddedChannel();
            SslHandler handler = new Tls(new TlsContexts(client, CLOCK, provider))
                    .connect(left, clientTls(true), Duration.ofSeconds(10));
            left.pipeline().addLast(handler);
            EmbeddedChannel right = new EmbeddedChannel();
            Recorded recorded = new Recorded();
            new Tls(new TlsContexts(server, CLOCK, provider)).accept(right, serverTls(), Duration.ZERO, recorded);
            Pipe.exchange(left, right);
            assertThat(handler.applicationProtocol()).isEqualTo("http/1.1");
            assertThat(recorded.protocol).isEqualTo("http/1.1");
        }
    }

    /** RFC 6066, section 3; the name of a mesh endpoint is not one that DNS would have. */
    @ParameterizedTest
    @EnumSource(
            value = SslProvider.class,
            names = {"OPENSSL", "JDK"})
    void the_server_is_asked_for_by_the_name_of_its_cluster(SslProvider provider) throws Exception {
        SecretStore client =
                store(new End(MESH.issue(CLIENT, NOW.minusSeconds(60), NOW.plusSeconds(60)), MESH.trust()));
        EmbeddedChannel left = new EmbeddedChannel();
        left.pipeline()
                .addLast(new Tls(new TlsContexts(client, CLOCK, provider))
                        .connect(left, clientTls(true), Duration.ofSeconds(10)));
        ByteBuf hello = left.readOutbound();
        assertThat(hello.toString(StandardCharsets.ISO_8859_1)).contains("outbound_.80_._.web.shop.svc.cluster.local");
        hello.release();
        left.finishAndReleaseAll();
    }

    /** The JDK's TLS stands in on one side only: the other has the native one, as an Envoy has. */
    @ParameterizedTest(name = "{0} calls {1}")
    @CsvSource({"OPENSSL, JDK", "JDK, OPENSSL"})
    void both_kinds_of_tls_take_the_name_of_a_mesh_endpoint(SslProvider caller, SslProvider called) throws Exception {
        SecretStore client =
                store(new End(MESH.issue(CLIENT, NOW.minusSeconds(60), NOW.plusSeconds(60)), MESH.trust()));
        SecretStore server = store(new End(MESH.issue(WEB, NOW.minusSeconds(60), NOW.plusSeconds(60)), MESH.trust()));
        assertThat(handshake(caller, client, called, server, true)).isEqualTo(new Result("ok " + WEB, "ok " + CLIENT));
    }

    private static Result handshake(SslProvider provider, SecretStore client, SecretStore server, boolean shows)
            throws Exception {
        return handshake(provider, client, provider, server, shows);
    }

    private static Result handshake(
            SslProvider caller, SecretStore client, SslProvider called, SecretStore server, boolean shows)
            throws Exception {
        EmbeddedChannel left = new EmbeddedChannel();
        SslHandler handler =
                new Tls(new TlsContexts(client, CLOCK, caller)).connect(left, clientTls(shows), Duration.ofSeconds(10));
        left.pipeline().addLast(handler);
        EmbeddedChannel right = new EmbeddedChannel();
        Recorded recorded = new Recorded();
        new Tls(new TlsContexts(server, CLOCK, called)).accept(right, serverTls(), Duration.ZERO, recorded);
        Pipe.exchange(left, right);
        var future = handler.handshakeFuture();
        String atClient;
        if (future.isSuccess()) {
            Tls.Session session = Tls.session(left);
            atClient = "ok "
                    + (session == null || session.peer() == null
                            ? ""
                            : session.peer().describe());
        } else {
            atClient = future.cause() == null ? "unfinished" : Tls.describe(future.cause());
        }
        return new Result(atClient, recorded.outcome);
    }

    private static final class Recorded implements Tls.Outcome {
        private String outcome = "unfinished";
        private String protocol = "";

        @Override
        public void secured(Tls.Session session) {
            outcome = "ok " + (session.peer() == null ? "" : session.peer().describe());
            protocol = session.protocol();
        }

        @Override
        public void failed(String reason) {
            outcome = "refused: " + reason;
        }
    }

    private static SecretStore store(End end) {
        SecretStore store = new SecretStore();
        if (end.own() != null) {
            store.put(SecretStore.OWN, end.own());
        }
        store.put(SecretStore.ROOTS, end.trust());
        return store;
    }

    private static SdsSecretConfig sds(String name) {
        return SdsSecretConfig.newBuilder().setName(name).build();
    }

    private static ClientTls clientTls(boolean shows) throws CompileException {
        CommonTlsContext.Builder common = CommonTlsContext.newBuilder()
                .addAlpnProtocols("istio-http/1.1")
                .addAlpnProtocols("istio")
                .addAlpnProtocols("http/1.1")
                .setCombinedValidationContext(CombinedCertificateValidationContext.newBuilder()
                        .setDefaultValidationContext(CertificateValidationContext.newBuilder()
                                .addMatchTypedSubjectAltNames(SubjectAltNameMatcher.newBuilder()
                                        .setSanType(SubjectAltNameMatcher.SanType.URI)
                                        .setMatcher(StringMatcher.newBuilder().setExact(WEB))))
                        .setValidationContextSdsSecretConfig(sds("ROOTCA")));
        if (shows) {
            common.addTlsCertificateSdsSecretConfigs(sds("default"));
        }
        return ClientTls.of(
                UpstreamTlsContext.newBuilder()
                        .setCommonTlsContext(common)
                        .setSni("outbound_.80_._.web.shop.svc.cluster.local")
                        .build(),
                Place.of("cluster", "web"));
    }

    private static ServerTls serverTls() throws CompileException {
        return ServerTls.of(
                DownstreamTlsContext.newBuilder()
                        .setCommonTlsContext(CommonTlsContext.newBuilder()
                                .addAlpnProtocols("h2")
                                .addAlpnProtocols("http/1.1")
                                .setTlsParams(TlsParameters.newBuilder()
                                        .setTlsMinimumProtocolVersion(TlsParameters.TlsProtocol.TLSv1_2))
                                .addTlsCertificateSdsSecretConfigs(sds("default"))
                                .setValidationContextSdsSecretConfig(sds("ROOTCA")))
                        .setRequireClientCertificate(com.google.protobuf.BoolValue.of(true))
                        .build(),
                Place.of("listener", "virtualInbound"));
    }
}
