package dev.lateen.proxycore.tls;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.match.TextMatcher;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A name that a certificate must bear ({@code envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher}).
 * Immutable.
 */
public final class NameMatcher {
    /** Which names are looked at. */
    enum Kind {
        ANY,
        URI,
        DNS,
        OTHER
    }

    private final Kind kind;
    private final TextMatcher matcher;
    private final StringMatcher proto;

    private NameMatcher(Kind kind, TextMatcher matcher, StringMatcher proto) {
        this.kind = kind;
        this.matcher = matcher;
        this.proto = proto;
    }

    @SuppressWarnings("deprecation") // Istio still sends the older list, which looks at names of every kind
    static List<NameMatcher> all(CertificateValidationContext proto, Place at) throws CompileException {
        List<NameMatcher> all = new ArrayList<>();
        for (int i = 0; i < proto.getMatchTypedSubjectAltNamesCount(); i++) {
            SubjectAltNameMatcher matcher = proto.getMatchTypedSubjectAltNames(i);
            Place here = at.item("match_typed_subject_alt_names", i);
            Kind kind =
                    switch (matcher.getSanType()) {
                        case URI -> Kind.URI;
                        case DNS -> Kind.DNS;
                        case EMAIL, IP_ADDRESS -> Kind.OTHER;
                        case SAN_TYPE_UNSPECIFIED, OTHER_NAME, UNRECOGNIZED ->
                            throw here.field("san_type").refuse("not supported: " + matcher.getSanType());
                    };
            all.add(of(kind, matcher.getMatcher(), here.field("matcher")));
        }
        for (int i = 0; i < proto.getMatchSubjectAltNamesCount(); i++) {
            all.add(of(Kind.ANY, proto.getMatchSubjectAltNames(i), at.item("match_subject_alt_names", i)));
        }
        return List.copyOf(all);
    }

    private static NameMatcher of(Kind kind, StringMatcher proto, Place at) throws CompileException {
        return new NameMatcher(kind, TextMatcher.of(proto, at), proto);
    }

    boolean matches(PeerCertificate certificate) {
        return switch (kind) {
            case URI -> certificate.uris().stream().anyMatch(matcher::matches);
            case DNS -> dns(certificate);
            case OTHER -> certificate.others().stream().anyMatch(matcher::matches);
            case ANY ->
                dns(certificate)
                        || certificate.uris().stream().anyMatch(matcher::matches)
                        || certificate.others().stream().anyMatch(matcher::matches);
        };
    }

    /** An exact name is covered by a certificate's wildcard; patterns see the certificate's names as they stand. */
    private boolean dns(PeerCertificate certificate) {
        String exact = proto.getExact();
        return certificate.dnsNames().stream()
                .anyMatch(name -> exact.isEmpty() ? matcher.matches(name) : PeerCertificate.covers(name, exact));
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof NameMatcher that && kind == that.kind && proto.equals(that.proto);
    }

    @Override
    public int hashCode() {
        return proto.hashCode();
    }

    @Override
    public String toString() {
        return matcher.toString();
    }
}
