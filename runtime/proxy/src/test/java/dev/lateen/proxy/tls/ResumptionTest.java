package dev.lateen.proxy.tls;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.UInt32Value;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.tls.ClientTls;
import dev.lateen.proxycore.tls.ServerTls;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CommonTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SdsSecretConfig;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.TlsParameters;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.TlsParameters.TlsProtocol;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.internal.tcnative.SSL;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Sessions that are resumed (RFC 8446, section 2.2; RFC 5246, section 7.3): their certificates count as if new. */
class ResumptionTest {
    private static final Instant NOW = Instant.parse("2026-06-01T00:00:00Z");
    private static final Duration SHORT = Duration.ofMinutes(1);
    private static final Duration LONG = Duration.ofHours(1);
    private static final String CLIENT = "spiffe://cluster.local/ns/shop/sa/client";
    private static final String WEB = "spiffe://cluster.local/ns/shop/sa/web";
    private static final TestAuthority MESH = TestAuthority.create(NOW);

    private final SettableClock clock = new SettableClock();

    /** Both ends with certificates of these lives, and contexts that stay from one handshake to the next. */
    private Ends ends(SslProvider caller, Duration client, SslProvider called, Duration server) {
        return new Ends(
                new Tls(new TlsContexts(store(CLIENT, client), clock, caller)),
                new Tls(new TlsContexts(store(WEB, server), clock, called)));
    }

    private record Ends(Tls client, Tls server) {
        /** How a handshake ended at each end, and whether the server, if it is the native one, took up a session. */
        private Result handshake(ClientTls calling, ServerTls called) throws Exception {
            EmbeddedChannel left = new EmbeddedChannel();
            SslHandler handler = client.connect(left, calling, Duration.ofSeconds(10));
            left.pipeline().addLast(handler);
            EmbeddedChannel right = new EmbeddedChannel();
            Recorded recorded = new Recorded();
            server.accept(right, called, Duration.ZERO, recorded);
            SslHandler accepted = right.pipeline().get(SslHandler.class);
            Pipe.exchange(left, right);
            if (right.isOpen()) {
                // BoringSSL sends tickets of TLS 1.3 with the first data.
                right.writeOutbound(Unpooled.copiedBuffer("hello", StandardCharsets.US_ASCII));
                Pipe.exchange(left, right);
            }
            String atClient = handler.handshakeFuture().isSuccess() ? "ok" : "refused";
            boolean resumed = accepted.engine() instanceof ReferenceCountedOpenSslEngine engine
                    && engine.sslPointer() != 0
                    && SSL.isSessionReused(engine.sslPointer());
            left.finishAndReleaseAll();
            right.finishAndReleaseAll();
            return new Result(atClient, recorded.outcome, resumed);
        }
    }

    private record Result(String client, String server, boolean resumed) {}

    @ParameterizedTest(name = "{0} {1}, client keeps {2}, server allows stateless {3}, stateful {4}: resumed {5}")
    @CsvSource({
        "JDK, TLSv1_3, 1, true, true, true",
        "JDK, TLSv1_3, 1, false, true, false",
        "JDK, TLSv1_3, 1, true, false, false",
        "OPENSSL, TLSv1_3, 1, true, true, true",
        "OPENSSL, TLSv1_3, 0, true, true, false",
        "OPENSSL, TLSv1_2, 1, true, true, true",
        "OPENSSL, TLSv1_2, 0, true, true, false",
        "OPENSSL, TLSv1_2, 1, false, true, false",
        "OPENSSL, TLSv1_2, 1, true, false, false",
    })
    void whereItIsAllowed(
            SslProvider caller, TlsProtocol version, int kept, boolean stateless, boolean stateful, boolean resumed)
            throws Exception {
        Ends ends = ends(caller, LONG, SslProvider.OPENSSL, LONG);
        ClientTls client = client(version, kept);
        ServerTls server = server(version, stateless, stateful);
        assertThat(ends.handshake(client, server)).isEqualTo(new Result("ok", "ok " + CLIENT, false));
        assertThat(ends.handshake(client, server)).isEqualTo(new Result("ok", "ok " + CLIENT, resumed));
    }

    @ParameterizedTest(name = "{0} calls {1}, {2}")
    @CsvSource({
        "OPENSSL, OPENSSL, TLSv1_3",
        "OPENSSL, OPENSSL, TLSv1_2",
        "JDK, OPENSSL, TLSv1_3",
        "JDK, OPENSSL, TLSv1_2",
        "JDK, JDK, TLSv1_3",
        "JDK, JDK, TLSv1_2",
    })
    void whoseCertificateHasExpiredIsRefused(SslProvider caller, SslProvider called, TlsProtocol version)
            throws Exception {
        ClientTls client = client(version, 1);
        ServerTls server = server(version, true, true);
        Ends first = ends(caller, SHORT, called, LONG);
        assertThat(first.handshake(client, server).server()).isEqualTo("ok " + CLIENT);
        Ends second = ends(caller, LONG, called, SHORT);
        assertThat(second.handshake(client, server).client()).isEqualTo("ok");

        clock.now = NOW.plus(SHORT).plusSeconds(1);
        assertThat(first.handshake(client, server).server()).startsWith("refused");
        assertThat(second.handshake(client, server).client()).isEqualTo("refused");
    }

    private static SecretStore store(String name, Duration life) {
        SecretStore store = new SecretStore();
        store.put(SecretStore.OWN, MESH.issue(name, NOW.minusSeconds(60), NOW.plus(life)));
        store.put(SecretStore.ROOTS, MESH.trust());
        return store;
    }

    private static CommonTlsContext common(TlsProtocol version) {
        return CommonTlsContext.newBuilder()
                .addAlpnProtocols("istio")
                .setTlsParams(TlsParameters.newBuilder()
                        .setTlsMinimumProtocolVersion(version)
                        .setTlsMaximumProtocolVersion(version))
                .addTlsCertificateSdsSecretConfigs(sds("default"))
                .setValidationContextSdsSecretConfig(sds("ROOTCA"))
                .build();
    }

    private static SdsSecretConfig sds(String name) {
        return SdsSecretConfig.newBuilder().setName(name).build();
    }

    private static ClientTls client(TlsProtocol version, int kept) throws CompileException {
        return ClientTls.of(
                UpstreamTlsContext.newBuilder()
                        .setCommonTlsContext(common(version))
                        .setSni("web")
                        .setMaxSessionKeys(UInt32Value.of(kept))
                        .build(),
                Place.of("cluster", "web"));
    }

    private static ServerTls server(TlsProtocol version, boolean stateless, boolean stateful) throws CompileException {
        return ServerTls.of(
                DownstreamTlsContext.newBuilder()
                        .setCommonTlsContext(common(version))
                        .setRequireClientCertificate(com.google.protobuf.BoolValue.of(true))
                        .setDisableStatelessSessionResumption(!stateless)
                        .setDisableStatefulSessionResumption(!stateful)
                        .build(),
                Place.of("listener", "virtualInbound"));
    }

    private static final class Recorded implements Tls.Outcome {
        private String outcome = "unfinished";

        @Override
        public void secured(Tls.Session session) {
            outcome = "ok " + (session.peer() == null ? "" : session.peer().describe());
        }

        @Override
        public void failed(String reason) {
            outcome = "refused: " + reason;
        }
    }

    private static final class SettableClock extends Clock {
        private Instant now = NOW;

        @Override
        public Instant instant() {
            return now;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            throw new UnsupportedOperationException("one zone is enough here");
        }
    }
}
