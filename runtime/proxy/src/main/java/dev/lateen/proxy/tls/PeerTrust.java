package dev.lateen.proxy.tls;

import dev.lateen.proxycore.tls.TlsRules;
import io.netty.handler.ssl.ResumableX509ExtendedTrustManager;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.cert.CertPath;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertStore;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Believes a certificate when a path of good signatures, valid now and not revoked, leads from a root to it (RFC 5280
 * 6), and when it bears one of the wanted names. The name in the address of a connection plays no part: names are in
 * the configuration. A session that is resumed brings the certificate that it began with, which must still be believed.
 *
 * <p>Signatures that were found good once stay good: of a chain that comes again only the time is checked, and
 * revocation where there are lists. Workloads show the same chain with each connection.
 */
final class PeerTrust extends X509ExtendedTrustManager implements ResumableX509ExtendedTrustManager {
    private static final int REMEMBERED = 1_000;

    private final List<X509Certificate> roots;
    private final List<X509CRL> revoked;
    private final TlsRules rules;
    private final boolean acceptUntrusted;
    private final Clock clock;
    private final Remembered<List<X509Certificate>, Period> verified = new Remembered<>(REMEMBERED);

    /** From when until when all certificates of a path are valid. */
    private record Period(Instant from, Instant until) {
        static Period of(List<X509Certificate> path) {
            Instant from = Instant.MIN;
            Instant until = Instant.MAX;
            for (X509Certificate certificate : path) {
                Instant begin = certificate.getNotBefore().toInstant();
                Instant end = certificate.getNotAfter().toInstant();
                from = begin.isAfter(from) ? begin : from;
                until = end.isBefore(until) ? end : until;
            }
            return new Period(from, until);
        }

        boolean contains(Instant time) {
            return !time.isBefore(from) && !time.isAfter(until);
        }
    }

    PeerTrust(
            List<X509Certificate> roots, List<X509CRL> revoked, TlsRules rules, boolean acceptUntrusted, Clock clock) {
        this.roots = List.copyOf(roots);
        this.revoked = List.copyOf(revoked);
        this.rules = rules;
        this.acceptUntrusted = acceptUntrusted;
        this.clock = clock;
    }

    private void check(X509Certificate[] chain) throws CertificateException {
        if (chain.length == 0) {
            throw new CertificateException("no certificate was shown");
        }
        try {
            verify(chain);
        } catch (CertPathValidatorException e) {
            if (!acceptUntrusted) {
                throw new CertificateException(
                        "certificate of " + Certificates.peer(List.of(chain)).describe() + " is not trusted: "
                                + e.getMessage(),
                        e);
            }
        } catch (GeneralSecurityException e) {
            throw new CertificateException("the certificate cannot be checked: " + e.getMessage(), e);
        }
        var peer = Certificates.peer(List.of(chain));
        if (!peer.bears(rules.names())) {
            throw new CertificateException(
                    "certificate of " + peer.describe() + " bears none of the wanted names: " + rules.names());
        }
        if (!rules.pins().take(peer.sha256(), () -> Certificates.keyHash(chain[0]))) {
            throw new CertificateException(
                    "certificate of " + peer.describe() + " is none of those that alone are taken");
        }
    }

    /** Whether a chain is trusted, even where one that is not gets in. */
    boolean verifies(X509Certificate[] chain) {
        try {
            verify(chain);
            return true;
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    private void verify(X509Certificate[] chain) throws GeneralSecurityException {
        List<X509Certificate> shown = List.of(chain);
        Instant now = clock.instant();
        Period known = verified.get(shown);
        if (known != null && known.contains(now)) {
            return;
        }
        Set<TrustAnchor> anchors = new HashSet<>();
        roots.forEach(root -> anchors.add(new TrustAnchor(root, null)));
        if (anchors.isEmpty()) {
            throw new CertPathValidatorException("there is no root to trust");
        }
        List<X509Certificate> path = new ArrayList<>();
        for (X509Certificate certificate : chain) {
            if (roots.contains(certificate)) {
                break; // the path ends below its root
            }
            path.add(certificate);
        }
        if (path.isEmpty()) {
            itself(chain[0]);
            return;
        }
        PKIXParameters parameters = new PKIXParameters(anchors);
        parameters.setRevocationEnabled(!revoked.isEmpty());
        if (!revoked.isEmpty()) {
            parameters.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(revoked)));
        }
        parameters.setDate(Date.from(now));
        CertPath certPath = CertificateFactory.getInstance("X.509").generateCertPath(path);
        CertPathValidator.getInstance("PKIX").validate(certPath, parameters);
        if (revoked.isEmpty()) { // lists have times of their own
            verified.put(shown, Period.of(path));
        }
    }

    /** A peer that is a root itself, such as a server that signed its own certificate: only its time is left to check. */
    private void itself(X509Certificate root) throws CertPathValidatorException {
        try {
            root.checkValidity(Date.from(clock.instant()));
        } catch (CertificateException e) {
            throw new CertPathValidatorException(e.getMessage(), e);
        }
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, @Nullable SSLEngine engine)
            throws CertificateException {
        check(chain);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, @Nullable SSLEngine engine)
            throws CertificateException {
        check(chain);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, @Nullable Socket socket)
            throws CertificateException {
        check(chain);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, @Nullable Socket socket)
            throws CertificateException {
        check(chain);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        check(chain);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        check(chain);
    }

    @Override
    public void resumeClientTrusted(X509Certificate[] chain, SSLEngine engine) throws CertificateException {
        check(chain);
    }

    @Override
    public void resumeServerTrusted(X509Certificate[] chain, SSLEngine engine) throws CertificateException {
        check(chain);
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return roots.toArray(X509Certificate[]::new);
    }
}
