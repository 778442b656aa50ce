package dev.lateen.proxy.tls;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.tls.Material;
import dev.lateen.proxycore.tls.ServerTls;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext.TrustChainVerification;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CommonTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CommonTlsContext.CombinedCertificateValidationContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SdsSecretConfig;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.TlsParameters;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.TlsParameters.TlsProtocol;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What clients of a gateway meet: the JDK's TLS against the proxy's, in memory. */
class GatewayTlsTest {
    private static final Instant NOW = Instant.parse("2026-06-01T00:00:00Z");
    private static final Clock CLOCK = Clock.fixed(NOW, java.time.ZoneOffset.UTC);
    private static final Instant FROM = NOW.minusSeconds(60);
    private static final Instant TO = NOW.plusSeconds(3600);
    private static final TestAuthority OURS = TestAuthority.create(NOW);
    private static final TestAuthority OTHERS = TestAuthority.create(NOW);
    private static final Material.Certificate CLIENT = OURS.issue("a.client.com", FROM, TO);
    private static final Material.Certificate STRANGER = OTHERS.issue("a.client.com", FROM, TO);
    private static final Material.Named WEB = new Material.Named("kubernetes://web", true);
    private static final Material.Named RSA = new Material.Named("kubernetes://rsa", true);
    private static final Material.Named ROOTS = new Material.Named("kubernetes://web-cacert", true);

    /** What the client speaks (version, suite, signatures), what it shows, what the server demands, and whom the server took it for. */
    static Stream<Arguments> cases() throws Exception {
        X509Certificate known = Certificates.read(CLIENT.chain()).getFirst();
        String hash = Certificates.peer(java.util.List.of(known)).sha256();
        return Stream.of(
                Arguments.of("plain TLS 1.3", "TLSv1.3", null, demand(false, _ -> {}), "ok nobody"),
                Arguments.of("plain TLS 1.2", "TLSv1.2", null, demand(false, _ -> {}), "ok nobody"),
                Arguments.of("demanded and shown", "TLSv1.3", CLIENT, demand(true, roots(_ -> {})), "ok a.client.com"),
                Arguments.of("demanded and not shown", "TLSv1.3", null, demand(true, roots(_ -> {})), "refused"),
                Arguments.of(
                        "demanded of another authority", "TLSv1.3", STRANGER, demand(true, roots(_ -> {})), "refused"),
                Arguments.of("optional and shown", "TLSv1.3", CLIENT, demand(false, roots(_ -> {})), "ok a.client.com"),
                Arguments.of("optional and not shown", "TLSv1.3", null, demand(false, roots(_ -> {})), "ok nobody"),
                Arguments.of(
                        "optional of another authority", "TLSv1.3", STRANGER, demand(false, roots(_ -> {})), "refused"),
                Arguments.of(
                        "untrusted is let in as nobody",
                        "TLSv1.3",
                        STRANGER,
                        demand(false, roots(v -> v.setTrustChainVerification(TrustChainVerification.ACCEPT_UNTRUSTED))),
                        "ok nobody"),
                Arguments.of(
                        "trusted where untrusted is let in",
                        "TLSv1.3",
                        CLIENT,
                        demand(false, roots(v -> v.setTrustChainVerification(TrustChainVerification.ACCEPT_UNTRUSTED))),
                        "ok a.client.com"),
                Arguments.of(
                        "its name",
                        "TLSv1.3",
                        CLIENT,
                        demand(true, roots(v -> name(v, "a.client.com"))),
                        "ok a.client.com"),
                Arguments.of(
                        "another name",
                        "TLSv1.3",
                        CLIENT,
                        demand(true, roots(v -> name(v, "b.client.com"))),
                        "refused"),
                Arguments.of(
                        "its hash",
                        "TLSv1.3",
                        CLIENT,
                        demand(true, roots(v -> v.addVerifyCertificateHash(hash))),
                        "ok a.client.com"),
                Arguments.of(
                        "another hash",
                        "TLSv1.3",
                        CLIENT,
                        demand(true, roots(v -> v.addVerifyCertificateHash("00".repeat(32)))),
                        "refused"),
                Arguments.of(
                        "its key",
                        "TLSv1.3",
                        CLIENT,
                        demand(true, roots(v -> v.addVerifyCertificateSpki(Certificates.keyHash(known)))),
                        "ok a.client.com"),
                Arguments.of("TLS 1.2 where 1.3 is the least", "TLSv1.2", null, least(TlsProtocol.TLSv1_3), "refused"),
                Arguments.of(
                        "TLS 1.3 where 1.3 is the least", "TLSv1.3", null, least(TlsProtocol.TLSv1_3), "ok nobody"),
                Arguments.of("TLS 1.3 where 1.2 is the most", "TLSv1.3", null, most(TlsProtocol.TLSv1_2), "refused"),
                Arguments.of(
                        "one cipher of TLS 1.2",
                        "TLSv1.2 TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
                        null,
                        cipher("ECDHE-ECDSA-AES256-GCM-SHA384"),
                        "ok nobody"),
                Arguments.of(
                        "another cipher of TLS 1.2",
                        "TLSv1.2 TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
                        null,
                        cipher("ECDHE-ECDSA-AES256-GCM-SHA384"),
                        "refused"),
                Arguments.of(
                        "ciphers do not bind TLS 1.3",
                        "TLSv1.3",
                        null,
                        cipher("ECDHE-ECDSA-AES256-GCM-SHA384"),
                        "ok nobody"),
                Arguments.of(
                        "RSA where both kinds are shown",
                        "TLSv1.2 TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 rsa_pkcs1_sha256",
                        null,
                        both(),
                        "ok nobody"),
                Arguments.of(
                        "ECDSA where both kinds are shown",
                        "TLSv1.2 TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
                        null,
                        both(),
                        "ok nobody"),
                Arguments.of(
                        "RSA by TLS 1.3 where both kinds are shown",
                        "TLSv1.3 TLS_AES_128_GCM_SHA256 rsa_pss_rsae_sha256",
                        null,
                        both(),
                        "ok nobody"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void who_gets_in(String what, String speaks, Material.@Nullable Certificate shows, ServerTls server, String outcome)
            throws Exception {
        SecretStore secrets = new SecretStore();
        secrets.put(WEB, OURS.issue("web.com", FROM, TO));
        secrets.put(RSA, OURS.issue("web.com", FROM, TO, "RSA", 2048));
        secrets.put(ROOTS, OURS.trust());
        assertThat(handshake(secrets, server, speaks, shows)).startsWith(outcome);
    }

    @Test
    void a_secret_that_has_not_come_refuses_callers_and_lets_them_in_afterwards() throws Exception {
        SecretStore secrets = new SecretStore();
        ServerTls server = demand(false, _ -> {});
        assertThat(handshake(secrets, server, "TLSv1.3", null))
                .isEqualTo("refused: secret \"kubernetes://web\" has not come yet");
        secrets.put(WEB, OURS.issue("web.com", FROM, TO));
        assertThat(handshake(secrets, server, "TLSv1.3", null)).isEqualTo("ok nobody");
        secrets.put(WEB, new Material.Certificate("nothing", "nothing"));
        assertThat(handshake(secrets, server, "TLSv1.3", null)).startsWith("refused: TLS cannot be set up");
    }

    @Test
    void files_are_read_again_when_they_change(@TempDir Path directory) throws Exception {
        Path chain = directory.resolve("cert.pem");
        Path key = directory.resolve("key.pem");
        Material.CertificateFiles files = new Material.CertificateFiles(chain.toString(), key.toString());
        SecretStore secrets = new SecretStore();
        try (CredentialFiles reader = new CredentialFiles(secrets)) {
            reader.want(Set.of(files));
            assertThat(secrets.get(files)).isNull();

            Material.Certificate first = OURS.issue("web.com", FROM, TO);
            Files.writeString(key, first.key());
            Files.writeString(chain, first.chain());
            reader.look();
            assertThat(secrets.get(files)).isEqualTo(first);

            Material.Certificate second = OURS.issue("web.com", FROM, TO);
            Files.writeString(key, second.key());
            Files.writeString(chain, second.chain());
            reader.look();
            assertThat(secrets.get(files)).isEqualTo(second);

            Files.delete(key);
            reader.look();
            assertThat(secrets.get(files)).as("what was there before").isEqualTo(second);
            reader.want(Set.of());
            assertThat(secrets.get(files)).isNull();
        }
    }

    private static String handshake(
            SecretStore secrets, ServerTls server, String speaks, Material.@Nullable Certificate shows)
            throws Exception {
        String[] words = speaks.split(" ");
        SslContextBuilder builder = SslContextBuilder.forClient()
                .sslProvider(SslProvider.JDK)
                .protocols(words[0])
                .trustManager(InsecureTrustManagerFactory.INSTANCE)
                .endpointIdentificationAlgorithm(null);
        if (words.length > 1) {
            builder.ciphers(Set.of(words[1]));
        }
        if (shows != null) {
            builder.keyManager(stream(shows.chain()), stream(shows.key()));
        }
        EmbeddedChannel left = new EmbeddedChannel();
        SslHandler handler = builder.build().newHandler(left.alloc(), "web.com", 443);
        if (words.length > 2) {
            SSLParameters parameters = handler.engine().getSSLParameters();
            parameters.setSignatureSchemes(new String[] {words[2]});
            handler.engine().setSSLParameters(parameters);
        }
        EmbeddedChannel right = new EmbeddedChannel();
        String[] outcome = {"unfinished"};
        new Tls(new TlsContexts(secrets, CLOCK, SslProvider.OPENSSL))
                .accept(right, server, Duration.ZERO, new Tls.Outcome() {
                    @Override
                    public void secured(Tls.Session session) {
                        outcome[0] = "ok "
                                + (session.peer() == null
                                        ? "nobody"
                                        : session.peer().describe());
                    }

                    @Override
                    public void failed(String reason) {
                        outcome[0] = "refused: " + reason;
                    }
                });
        left.pipeline().addLast(handler);
        Pipe.exchange(left, right);
        return outcome[0];
    }

    private static ByteArrayInputStream stream(String text) {
        return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
    }

    private static Consumer<CommonTlsContext.Builder> roots(Consumer<CertificateValidationContext.Builder> expected) {
        CertificateValidationContext.Builder context = CertificateValidationContext.newBuilder();
        expected.accept(context);
        return common -> common.setCombinedValidationContext(CombinedCertificateValidationContext.newBuilder()
                .setDefaultValidationContext(context)
                .setValidationContextSdsSecretConfig(sds(ROOTS)));
    }

    private static void name(CertificateValidationContext.Builder context, String name) {
        context.addMatchTypedSubjectAltNames(SubjectAltNameMatcher.newBuilder()
                .setSanType(SubjectAltNameMatcher.SanType.DNS)
                .setMatcher(StringMatcher.newBuilder().setExact(name)));
    }

    private static ServerTls least(TlsProtocol version) throws Exception {
        return demand(
                false, common -> common.setTlsParams(TlsParameters.newBuilder().setTlsMinimumProtocolVersion(version)));
    }

    private static ServerTls most(TlsProtocol version) throws Exception {
        return demand(
                false, common -> common.setTlsParams(TlsParameters.newBuilder().setTlsMaximumProtocolVersion(version)));
    }

    private static ServerTls cipher(String name) throws Exception {
        return demand(
                false, common -> common.setTlsParams(TlsParameters.newBuilder().addCipherSuites(name)));
    }

    private static ServerTls both() throws Exception {
        return demand(false, common -> common.addTlsCertificateSdsSecretConfigs(sds(RSA)));
    }

    private static ServerTls demand(boolean required, Consumer<CommonTlsContext.Builder> more) throws Exception {
        CommonTlsContext.Builder common = CommonTlsContext.newBuilder().addTlsCertificateSdsSecretConfigs(sds(WEB));
        more.accept(common);
        return ServerTls.of(
                DownstreamTlsContext.newBuilder()
                        .setCommonTlsContext(common)
                        .setRequireClientCertificate(com.google.protobuf.BoolValue.of(required))
                        .build(),
                Place.of("listener", "0.0.0.0_443"));
    }

    private static SdsSecretConfig sds(Material.Named name) {
        SdsSecretConfig.Builder config = SdsSecretConfig.newBuilder().setName(name.name());
        config.getSdsConfigBuilder().getAdsBuilder();
        return config.build();
    }
}
