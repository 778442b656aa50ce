package dev.lateen.config.networking;

import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import dev.lateen.config.shape.Required;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * TLS towards callers (networking.istio.io ServerTLSSettings). Certificates come from Secrets by name, in the namespace
 * of the gateway's pods, or from files of the gateway.
 *
 * @param credentialNames at most one Secret for each kind of key
 * @param caCertCredentialName Secret with the roots that callers are verified by; empty: that of {@code credentialName}
 * @param subjectAltNames of which a caller's certificate must bear one; empty for any
 * @param verifyCertificateSpki SHA-256 of public keys in Base64, of which a caller must have one
 * @param verifyCertificateHash SHA-256 of certificates in hexadecimal digits, of which a caller must show one
 * @param minProtocolVersion TLS_AUTO means TLS 1.2
 * @param cipherSuites of TLS 1.2 and before, in OpenSSL's names; empty for the proxy's own choice
 * @param insecureSkipVerify whether callers whose certificate is not trusted, or who show none, get in
 */
public record ServerTls(
        boolean httpsRedirect,
        Mode mode,
        String serverCertificate,
        String privateKey,
        String caCertificates,
        String caCrl,
        String credentialName,
        List<String> credentialNames,
        String caCertCredentialName,
        List<CertificateFiles> tlsCertificates,
        List<String> subjectAltNames,
        List<String> verifyCertificateSpki,
        List<String> verifyCertificateHash,
        TlsVersion minProtocolVersion,
        TlsVersion maxProtocolVersion,
        List<String> cipherSuites,
        @Nullable Boolean insecureSkipVerify)
        implements Checked {
    /** The credential that is the gateway's own certificate of the mesh. */
    public static final String OWN = "builtin://";

    /** What the gateway does with TLS. */
    public enum Mode {
        PASSTHROUGH,
        SIMPLE,
        MUTUAL,
        AUTO_PASSTHROUGH,
        ISTIO_MUTUAL,
        OPTIONAL_MUTUAL
    }

    /** Versions of TLS, the oldest first. */
    public enum TlsVersion {
        TLS_AUTO,
        TLSV1_0,
        TLSV1_1,
        TLSV1_2,
        TLSV1_3
    }

    /** A certificate with its key, in files of the gateway. */
    public record CertificateFiles(
            @Required String serverCertificate, @Required String privateKey, String caCertificates) {}

    private static final Set<String> CIPHERS = Set.of(
            "ECDHE-ECDSA-AES128-GCM-SHA256",
            "ECDHE-RSA-AES128-GCM-SHA256",
            "ECDHE-ECDSA-AES256-GCM-SHA384",
            "ECDHE-RSA-AES256-GCM-SHA384",
            "ECDHE-ECDSA-CHACHA20-POLY1305",
            "ECDHE-RSA-CHACHA20-POLY1305",
            "ECDHE-ECDSA-AES128-SHA",
            "ECDHE-RSA-AES128-SHA",
            "ECDHE-ECDSA-AES256-SHA",
            "ECDHE-RSA-AES256-SHA",
            "AES128-GCM-SHA256",
            "AES256-GCM-SHA384",
            "AES128-SHA",
            "AES256-SHA");

    /** Whether TLS ends at the gateway. */
    public boolean ends() {
        return mode != Mode.PASSTHROUGH && mode != Mode.AUTO_PASSTHROUGH;
    }

    /** Whether callers are asked for a certificate. */
    public boolean asksForCertificate() {
        return mode == Mode.MUTUAL || mode == Mode.OPTIONAL_MUTUAL || mode == Mode.ISTIO_MUTUAL;
    }

    /** Whether callers are let in without a certificate that is trusted. */
    public boolean trustsAnyone() {
        return Boolean.TRUE.equals(insecureSkipVerify);
    }

    /** All Secrets with certificates and keys, in the order in which they are shown. */
    public List<String> credentials() {
        return credentialName.isEmpty() ? credentialNames : List.of(credentialName);
    }

    /** All files with certificates and keys, in the order in which they are shown. */
    public List<CertificateFiles> files() {
        return serverCertificate.isEmpty()
                ? tlsCertificates
                : List.of(new CertificateFiles(serverCertificate, privateKey, caCertificates));
    }

    /** File with the roots that callers are verified by; empty when a Secret has them. */
    public String rootsFile() {
        return caCertificates.isEmpty() && !tlsCertificates.isEmpty()
                ? tlsCertificates.getFirst().caCertificates()
                : caCertificates;
    }

    @Override
    public void check(Findings findings) {
        if (ends()) {
            certificates(findings);
        } else if (!credentials().isEmpty() || !files().isEmpty() || !caCertificates.isEmpty() || !caCrl.isEmpty()) {
            findings.warning("mode", mode + " uses no certificates: leave them out, or end TLS here in mode SIMPLE");
        }
        if (mode == Mode.SIMPLE && !caCrl.isEmpty()) {
            String advice = "is for certificates of callers, for which SIMPLE does not ask: write mode MUTUAL";
            if (credentials().isEmpty()) {
                findings.error("caCrl", advice);
            } else {
                findings.warning("caCrl", advice);
            }
        }
        for (int i = 0; i < credentialNames.size(); i++) {
            Credentials.checkName(credentialNames.get(i), "credentialNames[" + i + "]", findings);
        }
        Credentials.checkName(credentialName, "credentialName", findings);
        Credentials.checkName(caCertCredentialName, "caCertCredentialName", findings);
        boolean names =
                !subjectAltNames.isEmpty() || !verifyCertificateHash.isEmpty() || !verifyCertificateSpki.isEmpty();
        if (!asksForCertificate() && (names || trustsAnyone())) {
            findings.error("mode", mode + " asks callers for no certificate, of which something is demanded here");
        }
        if (trustsAnyone()) {
            findings.warning("insecureSkipVerify", "callers are taken for who they say they are");
        }
        if (maxProtocolVersion != TlsVersion.TLS_AUTO && minProtocolVersion.compareTo(maxProtocolVersion) > 0) {
            findings.error("minProtocolVersion", "is above maxProtocolVersion");
        }
        checkCiphers(findings);
    }

    private void checkCiphers(Findings findings) {
        boolean old = minProtocolVersion == TlsVersion.TLSV1_0 || minProtocolVersion == TlsVersion.TLSV1_1;
        if (old && cipherSuites.isEmpty()) {
            findings.warning(
                    "minProtocolVersion",
                    "callers of this version may find no cipher suite of theirs: name some in cipherSuites");
        }
        for (int i = 0; i < cipherSuites.size(); i++) {
            String suite = cipherSuites.get(i);
            if (!CIPHERS.contains(suite)) {
                findings.warning(
                        "cipherSuites[" + i + "]",
                        "\"" + suite + "\" is left out, as it is none of "
                                + String.join(", ", CIPHERS.stream().sorted().toList()));
            } else if (cipherSuites.indexOf(suite) < i) {
                findings.warning("cipherSuites[" + i + "]", "\"" + suite + "\" is given twice");
            }
        }
    }

    /** The cipher suites that proxies know, each once; empty for the proxy's own choice. */
    public List<String> knownCipherSuites() {
        return cipherSuites.stream().filter(CIPHERS::contains).distinct().toList();
    }

    private void certificates(Findings findings) {
        List<String> ways = new ArrayList<>();
        if (!credentialName.isEmpty()) {
            ways.add("credentialName");
        }
        if (!credentialNames.isEmpty()) {
            ways.add("credentialNames");
        }
        if (!serverCertificate.isEmpty() || !privateKey.isEmpty()) {
            ways.add("serverCertificate");
        }
        if (!tlsCertificates.isEmpty()) {
            ways.add("tlsCertificates");
        }
        if (mode == Mode.ISTIO_MUTUAL) {
            if (!caCertificates.isEmpty()) {
                ways.add("caCertificates");
            }
            if (!ways.isEmpty()) {
                findings.error(ways.getFirst(), "ISTIO_MUTUAL goes by certificates of the mesh: leave it out");
            }
            return;
        }
        if (ways.size() != 1) {
            findings.error(
                    "mode",
                    mode + " needs one of credentialName, credentialNames, serverCertificate with privateKey, and"
                            + " tlsCertificates, found " + (ways.isEmpty() ? "none" : String.join(", ", ways)));
        } else if (serverCertificate.isEmpty() != privateKey.isEmpty()) {
            findings.error("serverCertificate", "needs privateKey, and the other way round");
        }
        boolean fromFiles = !files().isEmpty();
        boolean rootless = rootsFile().isEmpty() && caCertCredentialName.isEmpty();
        if (fromFiles && rootless && asksForCertificate() && !trustsAnyone()) {
            findings.error("caCertificates", "is needed to verify callers in mode " + mode);
        }
    }
}
