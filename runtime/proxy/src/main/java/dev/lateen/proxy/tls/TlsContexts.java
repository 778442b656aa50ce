package dev.lateen.proxy.tls;

import dev.lateen.proxycore.tls.CertificatePins;
import dev.lateen.proxycore.tls.ClientTls;
import dev.lateen.proxycore.tls.Material;
import dev.lateen.proxycore.tls.ServerTls;
import dev.lateen.proxycore.tls.TlsRules;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.OpenSslSessionContext;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Contexts of the TLS library for what is configured and the secrets as they are now. A secret that changes makes new
 * contexts; connections keep those that they were made with. Thread-safe.
 */
public final class TlsContexts {
    private static final Logger log = LoggerFactory.getLogger(TlsContexts.class);

    private static final CertificatePins NO_PINS = new CertificatePins(List.of(), List.of());
    private static final List<String> CIPHERS_1_3 =
            List.of("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256");

    /** Of the JDK: extensions of TLS that its servers pass over, by their names at IANA. */
    private static final String UNREAD_EXTENSIONS = "jdk.tls.server.disableExtensions";

    private static final String SERVER_NAME = "server_name";

    /** What a context is made from. */
    private record Key(TlsRules rules, boolean server, boolean requireCertificate, int sessions) {}

    private record Made(long generation, SslContext context) {}

    private final SecretStore secrets;
    private final Clock clock;
    private final SslProvider provider;
    private final Map<Key, Made> made = new ConcurrentHashMap<>();

    public TlsContexts(SecretStore secrets, Clock clock) {
        this(secrets, clock, provider());
    }

    TlsContexts(SecretStore secrets, Clock clock, SslProvider provider) {
        this.secrets = secrets;
        this.clock = clock;
        this.provider = provider;
        if (provider == SslProvider.JDK) {
            leaveServerNamesUnread();
        }
    }

    /**
     * The JDK's server ends a handshake that asks for a name which DNS could not have, as those of mesh endpoints are; by
     * this it does not look at names. The listener has read them before, and chosen by them. The JDK reads the setting
     * once, at its first handshake as a server.
     */
    private static void leaveServerNamesUnread() {
        String unread = System.getProperty(UNREAD_EXTENSIONS, "");
        if (!List.of(unread.split("[, ]+")).contains(SERVER_NAME)) {
            System.setProperty(UNREAD_EXTENSIONS, unread.isEmpty() ? SERVER_NAME : unread + "," + SERVER_NAME);
        }
    }

    private static SslProvider provider() {
        if (OpenSsl.isAvailable()) {
            return SslProvider.OPENSSL;
        }
        log.warn(
                "BoringSSL cannot be loaded ({}): the JDK's TLS is used, which takes more time",
                String.valueOf(OpenSsl.unavailabilityCause()));
        return SslProvider.JDK;
    }

    /** For accepted connections. */
    SslContext server(ServerTls tls) throws TlsUnavailable {
        return context(new Key(tls.rules(), true, tls.requireCertificate(), tls.resumes() ? 1 : 0));
    }

    /** For connections to endpoints. */
    SslContext client(ClientTls tls) throws TlsUnavailable {
        return context(new Key(tls.rules(), false, false, tls.sessions()));
    }

    private SslContext context(Key key) throws TlsUnavailable {
        long now = secrets.generation();
        Made present = made.get(key);
        if (present != null && present.generation == now) {
            return present.context;
        }
        SslContext fresh = make(key);
        // Contexts of secrets and configurations of before are forgotten together.
        made.values().removeIf(other -> other.generation != now);
        made.put(key, new Made(now, fresh));
        return fresh;
    }

    private SslContext make(Key key) throws TlsUnavailable {
        TlsRules rules = key.rules;
        try {
            SslContextBuilder builder = keys(key).sslProvider(provider).protocols(rules.protocols());
            if (!rules.ciphers().isEmpty()) {
                builder.ciphers(ciphers(rules), SupportedCipherSuiteFilter.INSTANCE);
            }
            if (!rules.alpn().isEmpty()) {
                builder.applicationProtocolConfig(new ApplicationProtocolConfig(
                        Protocol.ALPN,
                        SelectorFailureBehavior.NO_ADVERTISE,
                        SelectedListenerFailureBehavior.ACCEPT,
                        rules.alpn()));
            }
            TrustManager trust = trust(rules);
            if (trust != null) {
                builder.trustManager(trust);
            } else {
                builder.trustManager(InsecureTrustManagerFactory.INSTANCE);
            }
            if (key.server) {
                builder.clientAuth(
                        key.requireCertificate
                                ? ClientAuth.REQUIRE
                                : trust == null ? ClientAuth.NONE : ClientAuth.OPTIONAL);
            } else {
                builder.endpointIdentificationAlgorithm(null);
            }
            SslContext context =
                    builder.sessionCacheSize(Math.max(1, key.sessions)).build();
            // The JDK's has no such switch: there a session that must not be resumed is verified like any other.
            if (key.sessions == 0 && context.sessionContext() instanceof OpenSslSessionContext kept) {
                kept.setSessionCacheEnabled(false);
            }
            return context;
        } catch (SSLException | GeneralSecurityException | IllegalArgumentException e) {
            throw new TlsUnavailable("TLS cannot be set up: " + reason(e), e);
        }
    }

    private static String reason(Throwable failure) {
        Throwable cause = failure.getCause();
        return failure.getMessage() + (cause == null ? "" : " (" + cause.getMessage() + ")");
    }

    private SslContextBuilder keys(Key key) throws TlsUnavailable, GeneralSecurityException {
        List<Material.Certificate> certificates = new ArrayList<>();
        for (Material material : key.rules.certificates()) {
            if (!(resolve(material) instanceof Material.Certificate certificate)) {
                throw new TlsUnavailable("secret " + material + " holds no certificate");
            }
            certificates.add(certificate);
        }
        if (certificates.isEmpty()) {
            return SslContextBuilder.forClient();
        }
        if (certificates.size() == 1) {
            Material.Certificate first = certificates.getFirst();
            return key.server
                    ? SslContextBuilder.forServer(stream(first.chain()), stream(first.key()))
                    : SslContextBuilder.forClient().keyManager(stream(first.chain()), stream(first.key()));
        }
        SeveralKeys several = SeveralKeys.of(certificates);
        return key.server
                ? SslContextBuilder.forServer(several)
                : SslContextBuilder.forClient().keyManager(several);
    }

    /** Suites of TLS 1.3 cannot be chosen: those of the configuration are of older versions, as in Envoy. */
    private static List<String> ciphers(TlsRules rules) {
        List<String> ciphers = new ArrayList<>();
        if (rules.maximum() == TlsRules.TlsVersion.V1_3) {
            ciphers.addAll(CIPHERS_1_3);
        }
        ciphers.addAll(rules.ciphers());
        return ciphers;
    }

    private static InputStream stream(String text) {
        return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
    }

    private @Nullable PeerTrust trust(TlsRules rules) throws TlsUnavailable, GeneralSecurityException {
        if (rules.trust() == null) {
            boolean any = rules.names().isEmpty() && rules.pins().equals(NO_PINS);
            // Whoever it is must still be the one that is named.
            return any ? null : new PeerTrust(List.of(), List.of(), rules, true, clock);
        }
        if (!(resolve(rules.trust()) instanceof Material.Trust trust)) {
            throw new TlsUnavailable("secret " + rules.trust() + " holds nothing to trust");
        }
        List<X509Certificate> roots = new ArrayList<>(Certificates.read(trust.roots()));
        if (trust.system()) {
            roots.addAll(systemRoots());
        }
        return new PeerTrust(roots, Certificates.revocations(trust.revoked()), rules, rules.acceptUntrusted(), clock);
    }

    /**
     * Whether a client that was let in without its certificate being trusted ({@link TlsRules#acceptUntrusted}) is the
     * one that it says nevertheless.
     */
    boolean verifies(TlsRules rules, List<X509Certificate> chain) {
        try {
            PeerTrust trust = trust(rules);
            return trust != null && trust.verifies(chain.toArray(X509Certificate[]::new));
        } catch (TlsUnavailable | GeneralSecurityException e) {
            return false; // nothing to verify it with
        }
    }

    private static List<X509Certificate> systemRoots() throws GeneralSecurityException {
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init((KeyStore) null);
        for (TrustManager manager : factory.getTrustManagers()) {
            if (manager instanceof X509TrustManager found) {
                return List.of(found.getAcceptedIssuers());
            }
        }
        throw new CertificateException("this machine has no roots of its own");
    }

    private Material resolve(Material material) throws TlsUnavailable {
        if (material instanceof Material.Certificate || material instanceof Material.Trust) {
            return material;
        }
        Material found = secrets.get(material);
        if (found == null) {
            throw new TlsUnavailable(
                    material instanceof Material.Named named
                            ? "secret \"" + named.name() + "\" has not come yet"
                            : material + " could not be read yet");
        }
        return found;
    }
}
