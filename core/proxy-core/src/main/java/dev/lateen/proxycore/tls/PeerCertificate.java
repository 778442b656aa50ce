package dev.lateen.proxycore.tls;

import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * What a verified certificate says of the other end of a connection. Immutable.
 *
 * @param uris URI names, as they stand there
 * @param dnsNames DNS names, as they stand there
 * @param others names of other kinds that can be matched: addresses, e-mail addresses
 * @param subject in the form of RFC 2253
 * @param sha256 of the whole certificate, in lower-case hexadecimal digits
 * @param certificate in PEM
 * @param chain the certificate and those above it, in PEM
 */
public record PeerCertificate(
        List<String> uris,
        List<String> dnsNames,
        List<String> others,
        String subject,
        String sha256,
        String certificate,
        String chain) {
    public PeerCertificate {
        uris = List.copyOf(uris);
        dnsNames = List.copyOf(dnsNames);
        others = List.copyOf(others);
    }

    /** A certificate of which only its URI counts: for tests, and for questions without a connection. */
    public static PeerCertificate ofUri(String uri) {
        return new PeerCertificate(List.of(uri), List.of(), List.of(), "", "", "", "");
    }

    /**
     * The names that an authenticated principal is matched by, as Envoy has it: the URIs, or the DNS names where there
     * is no URI, or the subject.
     */
    public List<String> principals() {
        if (!uris.isEmpty()) {
            return uris;
        }
        return dnsNames.isEmpty() ? List.of(subject) : dnsNames;
    }

    /** Whether the certificate bears one of these names; no name asks for nothing. */
    public boolean bears(List<NameMatcher> wanted) {
        return wanted.isEmpty() || wanted.stream().anyMatch(name -> name.matches(this));
    }

    /** Whether a DNS name of a certificate, which may begin with a wildcard label, covers a host (RFC 6125 6.4). */
    static boolean covers(String dnsName, String host) {
        String name = dnsName.toLowerCase(Locale.ROOT);
        String wanted = host.toLowerCase(Locale.ROOT);
        if (!name.startsWith("*.")) {
            return name.equals(wanted);
        }
        int dot = wanted.indexOf('.');
        return dot > 0 && wanted.substring(dot).equals(name.substring(1));
    }

    /** All its names, for messages. */
    public String describe() {
        Set<String> all = new java.util.LinkedHashSet<>(uris);
        all.addAll(dnsNames);
        all.addAll(others);
        return all.isEmpty() ? "subject \"" + subject + "\"" : String.join(", ", all);
    }
}
