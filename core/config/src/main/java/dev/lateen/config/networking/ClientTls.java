package dev.lateen.config.networking;

import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * TLS towards a destination (networking.istio.io ClientTLSSettings).
 *
 * @param clientCertificate file of the proxy with the certificate that is shown, as the next two
 * @param caCertificates file with the roots that the destination is verified by; {@code system} and empty stand for the
 *     machine's own
 * @param credentialName Secret with certificate, key and roots, in the namespace of each proxy
 * @param subjectAltNames of which the destination's certificate must bear one; empty: the name that is asked for
 * @param sni name that is asked for; empty: the destination's host
 * @param caCrl file with lists of revoked certificates
 */
public record ClientTls(
        Mode mode,
        String clientCertificate,
        String privateKey,
        String caCertificates,
        String credentialName,
        List<String> subjectAltNames,
        String sni,
        @Nullable Boolean insecureSkipVerify,
        String caCrl)
        implements Checked {
    /** Whose certificates are shown and asked for. */
    public enum Mode {
        DISABLE,
        SIMPLE,
        MUTUAL,
        ISTIO_MUTUAL
    }

    /** Whether the destination's certificate is taken as it comes. */
    public boolean trustsAnyone() {
        return Boolean.TRUE.equals(insecureSkipVerify);
    }

    @Override
    public void check(Findings findings) {
        boolean files = !clientCertificate.isEmpty() || !privateKey.isEmpty();
        switch (mode) {
            case DISABLE, ISTIO_MUTUAL -> {
                if (files || !caCertificates.isEmpty() || !credentialName.isEmpty() || !caCrl.isEmpty()) {
                    findings.error("mode", mode + " takes no certificates of its own: leave them out");
                }
            }
            case SIMPLE -> {
                if (files) {
                    findings.error("clientCertificate", "is shown in mode MUTUAL only");
                }
            }
            case MUTUAL -> {
                if (credentialName.isEmpty() && (clientCertificate.isEmpty() || privateKey.isEmpty())) {
                    findings.error("mode", "MUTUAL needs credentialName, or clientCertificate and privateKey");
                }
            }
        }
        if (!credentialName.isEmpty() && (files || !caCertificates.isEmpty() || !caCrl.isEmpty())) {
            findings.error("credentialName", "holds all of the certificates: leave out the files");
        }
        Credentials.checkName(credentialName, "credentialName", findings);
        if (trustsAnyone() && (mode == Mode.DISABLE || mode == Mode.ISTIO_MUTUAL)) {
            findings.warning(
                    "insecureSkipVerify",
                    mode == Mode.DISABLE
                            ? "has no effect with DISABLE, which makes no TLS"
                            : "has no effect with ISTIO_MUTUAL, which always verifies by the mesh's roots: leave it out, or"
                                    + " write SIMPLE for a server that is not of the mesh");
        } else if (trustsAnyone() && (!subjectAltNames.isEmpty() || !caCertificates.isEmpty())) {
            findings.error("insecureSkipVerify", "would leave caCertificates and subjectAltNames without effect");
        } else if (trustsAnyone() && mode == Mode.SIMPLE && !credentialName.isEmpty()) {
            findings.error("insecureSkipVerify", "would leave the roots of credentialName without effect");
        } else if (trustsAnyone()) {
            findings.warning("insecureSkipVerify", "anybody on the way can pretend to be the destination");
        }
    }
}
