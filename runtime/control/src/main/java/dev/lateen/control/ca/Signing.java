package dev.lateen.control.ca;

import dev.lateen.config.limit.KeyedRate;
import dev.lateen.xds.XdsError;
import dev.lateen.xds.ca.CertificateChain;
import dev.lateen.xds.ca.CertificateRequest;
import dev.lateen.xds.ca.CertificateService;
import dev.lateen.xds.server.PeerIdentity;
import java.io.IOException;
import java.io.StringReader;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.bouncycastle.pkcs.PKCSException;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequest;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Signs what workloads ask for. Of a request only the key counts, and the proof that its sender has it; the identity in
 * the certificate is the one that the caller was authenticated as. One identity, which all pods of a service account
 * share, can have 50 certificates a second, after 500 at once.
 */
final class Signing implements CertificateService.Authority {
    /** Unless a request says otherwise; and the longest that one may ask for. */
    static final Duration LIFE = Duration.ofHours(24);

    private static final Logger log = LoggerFactory.getLogger(Signing.class);
    private static final int LONGEST_REQUEST = 64 << 10;

    static final int AT_ONCE = 500;
    private static final Duration ONE_MORE = Duration.ofMillis(20);
    private static final int IDENTITIES = 10_000;

    private final Supplier<Authority> authority;
    private final Supplier<String> trustDomain;
    private final Clock clock;
    private final SecureRandom random;
    private final KeyedRate requests = new KeyedRate(AT_ONCE, ONE_MORE, IDENTITIES);
    private final Consumer<String> exceeded;

    /** @param exceeded told when an identity asks for too many */
    Signing(
            Supplier<Authority> authority,
            Supplier<String> trustDomain,
            Clock clock,
            SecureRandom random,
            Consumer<String> exceeded) {
        this.authority = authority;
        this.trustDomain = trustDomain;
        this.clock = clock;
        this.random = random;
        this.exceeded = exceeded;
    }

    @Override
    public CertificateChain create(CertificateRequest request, PeerIdentity peer) {
        if (!requests.take(peer.toString(), clock.instant())) {
            exceeded.accept("certificate_requests");
            throw XdsError.tooOften(
                    "service account " + peer + " has asked for too many certificates; try again later");
        }
        if (request.metadata().getFieldsCount() > 0) {
            throw new IllegalArgumentException("this authority has no other signers: leave out metadata "
                    + String.join(", ", request.metadata().getFieldsMap().keySet()));
        }
        PublicKey key = keyOf(request.csr());
        String uri = peer.uri(trustDomain.get());
        List<X509Certificate> chain = authority
                .get()
                .sign(
                        key,
                        List.of(new GeneralName(GeneralName.uniformResourceIdentifier, uri)),
                        life(request.validity()),
                        clock.instant(),
                        random);
        log.info(
                "Signed a certificate for {} until {}",
                uri,
                chain.getFirst().getNotAfter().toInstant());
        return new CertificateChain(chain.stream().map(Pem::of).toList());
    }

    private static Duration life(Duration wanted) {
        if (wanted.isZero()) {
            return LIFE;
        }
        if (wanted.isNegative() || wanted.compareTo(LIFE) > 0) {
            throw new IllegalArgumentException("validity_duration " + wanted.toSeconds() + " s is not from 1 s to "
                    + LIFE.toSeconds() + " s, the longest that this authority signs for");
        }
        return wanted;
    }

    private static PublicKey keyOf(String pem) {
        if (pem.length() > LONGEST_REQUEST) {
            throw new IllegalArgumentException("csr is longer than " + LONGEST_REQUEST + " characters");
        }
        try (PEMParser parser = new PEMParser(new StringReader(pem))) {
            if (!(parser.readObject() instanceof PKCS10CertificationRequest csr)) {
                throw new IllegalArgumentException("csr is not a certificate request in PEM");
            }
            PublicKey key = new JcaPKCS10CertificationRequest(csr).getPublicKey();
            if (!csr.isSignatureValid(new JcaContentVerifierProviderBuilder().build(key))) {
                throw new IllegalArgumentException("csr is not signed with its own key");
            }
            return key;
        } catch (IOException | GeneralSecurityException | OperatorCreationException | PKCSException e) {
            throw new IllegalArgumentException("csr cannot be read: " + e.getMessage(), e);
        }
    }
}
