package dev.lateen.proxy.tls;

import dev.lateen.proxycore.tls.Material;
import java.io.IOException;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyException;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * Several certificates of one end of TLS: each handshake takes the first one that the other end can verify, by the kinds
 * of signatures that it says it knows.
 */
final class SeveralKeys extends X509ExtendedKeyManager {
    private record Held(PrivateKey key, List<X509Certificate> chain) {
        String kind() {
            return key.getAlgorithm();
        }
    }

    private final List<Held> all;

    private SeveralKeys(List<Held> all) {
        this.all = all;
    }

    static SeveralKeys of(List<Material.Certificate> certificates) throws GeneralSecurityException {
        List<Held> all = new ArrayList<>();
        for (Material.Certificate certificate : certificates) {
            try {
                all.add(new Held(PemKeys.read(certificate.key()), Certificates.read(certificate.chain())));
            } catch (IOException e) {
                throw new KeyException("a certificate's key cannot be read: " + e.getMessage(), e);
            }
        }
        return new SeveralKeys(List.copyOf(all));
    }

    private @Nullable String choose(String kind, @Nullable SSLEngine engine) {
        for (int i = 0; i < all.size(); i++) {
            if (all.get(i).kind().equals(kind) && isKnown(kind, engine)) {
                return Integer.toString(i);
            }
        }
        return null;
    }

    private static boolean isKnown(String kind, @Nullable SSLEngine engine) {
        if (engine == null || !(engine.getHandshakeSession() instanceof ExtendedSSLSession session)) {
            return true;
        }
        String suffix = kind.equals("EC") ? "ECDSA" : kind.toUpperCase(Locale.ROOT);
        String[] known = session.getPeerSupportedSignatureAlgorithms();
        for (String algorithm : known) {
            // Such as SHA256withECDSA, SHA256withRSA, RSASSA-PSS.
            if (algorithm.toUpperCase(Locale.ROOT).contains(suffix)) {
                return true;
            }
        }
        return known.length == 0;
    }

    @Override
    public @Nullable String chooseEngineServerAlias(
            String keyType, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
        return choose(keyType, engine);
    }

    @Override
    public @Nullable String chooseEngineClientAlias(
            String[] keyTypes, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
        for (String keyType : keyTypes) {
            String alias = choose(keyType, engine);
            if (alias != null) {
                return alias;
            }
        }
        return null;
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
        return all.get(Integer.parseInt(alias)).chain().toArray(X509Certificate[]::new);
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
        return all.get(Integer.parseInt(alias)).key();
    }

    @Override
    public @Nullable String chooseServerAlias(String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
        return choose(keyType, null);
    }

    @Override
    public @Nullable String chooseClientAlias(
            String[] keyTypes, Principal @Nullable [] issuers, @Nullable Socket socket) {
        return chooseEngineClientAlias(keyTypes, issuers, null);
    }

    @Override
    public String[] getServerAliases(String keyType, Principal @Nullable [] issuers) {
        String alias = choose(keyType, null);
        return alias == null ? new String[0] : new String[] {alias};
    }

    @Override
    public String[] getClientAliases(String keyType, Principal @Nullable [] issuers) {
        return getServerAliases(keyType, issuers);
    }

    @Override
    public String toString() {
        return all.size() + " certificates with their keys"; // which must never come into a log
    }
}
