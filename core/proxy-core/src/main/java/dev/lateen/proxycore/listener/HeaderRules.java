package dev.lateen.proxycore.listener;

import dev.lateen.proxycore.Cidr;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * What a connection manager does to heads, beside its routes. Immutable.
 *
 * @param serverName the value of the {@code server} field
 * @param server whether that value replaces the app's
 * @param scheme the scheme that replaces the request's, or empty
 * @param useRemoteAddress whether the connection's peer is the client: it is appended to {@code x-forwarded-for}, and
 *     what comes from outside loses its {@code x-envoy-} fields
 * @param trustedHops how many proxies in front of this one are trusted to have appended rightly
 * @param internalRanges clients with one of these addresses are the mesh's own; empty for none, as in Envoy
 * @param skipForwardedForAppend whether nothing is appended to {@code x-forwarded-for}
 * @param via the value appended to {@code via}, or empty
 * @param generateRequestId whether a request without {@code x-request-id} gets one
 * @param preserveExternalRequestId whether a request from outside keeps the one it came with
 * @param requestIdInResponse whether the answer carries it as well
 * @param clientCertificate what is done with {@code x-forwarded-client-cert}
 * @param certificateDetails what is told there of the client's certificate
 * @param stripPort whether and which port is cut off the host
 * @param stripTrailingDot whether a dot at the end of the host is cut off
 * @param underscores what is done with fields whose name has an underscore
 */
public record HeaderRules(
        String serverName,
        ServerField server,
        String scheme,
        boolean useRemoteAddress,
        int trustedHops,
        List<Cidr> internalRanges,
        boolean skipForwardedForAppend,
        String via,
        boolean generateRequestId,
        boolean preserveExternalRequestId,
        boolean requestIdInResponse,
        ClientCertificate clientCertificate,
        Set<CertificateDetail> certificateDetails,
        StripPort stripPort,
        boolean stripTrailingDot,
        Underscores underscores) {

    public HeaderRules {
        internalRanges = List.copyOf(internalRanges);
        certificateDetails = Set.copyOf(certificateDetails);
    }

    /** What becomes of the app's {@code server} field. */
    public enum ServerField {
        OVERWRITE,
        APPEND_IF_ABSENT,
        PASS_THROUGH
    }

    /** What is done with {@code x-forwarded-client-cert}. */
    public enum ClientCertificate {
        SANITIZE,
        FORWARD_ONLY,
        APPEND_FORWARD,
        SANITIZE_SET,
        ALWAYS_FORWARD_ONLY
    }

    /** What {@code x-forwarded-client-cert} tells of a certificate. */
    public enum CertificateDetail {
        SUBJECT,
        CERT,
        CHAIN,
        DNS,
        URI
    }

    /** Which port is cut off the host. */
    public enum StripPort {
        NONE,
        /** The one that the connection was made to. */
        MATCHING,
        ANY
    }

    /** What is done with fields whose name has an underscore. */
    public enum Underscores {
        ALLOW,
        REJECT_REQUEST,
        DROP_HEADER
    }

    static HeaderRules of(HttpConnectionManager proto, Place at) throws CompileException {
        return new HeaderRules(
                proto.getServerName().isEmpty() ? "envoy" : proto.getServerName(),
                switch (proto.getServerHeaderTransformation()) {
                    case OVERWRITE -> ServerField.OVERWRITE;
                    case APPEND_IF_ABSENT -> ServerField.APPEND_IF_ABSENT;
                    case PASS_THROUGH -> ServerField.PASS_THROUGH;
                    case UNRECOGNIZED ->
                        throw at.field("server_header_transformation").refuse("not known");
                },
                proto.getSchemeHeaderTransformation().getSchemeToOverwrite(),
                proto.getUseRemoteAddress().getValue(),
                proto.getXffNumTrustedHops(),
                internalRanges(proto, at.field("internal_address_config")),
                proto.getSkipXffAppend(),
                proto.getVia(),
                !proto.hasGenerateRequestId() || proto.getGenerateRequestId().getValue(),
                proto.getPreserveExternalRequestId(),
                proto.getAlwaysSetRequestIdInResponse(),
                clientCertificate(proto, at),
                details(proto),
                stripPort(proto),
                proto.getStripTrailingHostDot(),
                switch (proto.getCommonHttpProtocolOptions().getHeadersWithUnderscoresAction()) {
                    case ALLOW -> Underscores.ALLOW;
                    case REJECT_REQUEST -> Underscores.REJECT_REQUEST;
                    case DROP_HEADER -> Underscores.DROP_HEADER;
                    case UNRECOGNIZED ->
                        throw at.field("headers_with_underscores_action").refuse("not known");
                });
    }

    private static List<Cidr> internalRanges(HttpConnectionManager proto, Place at) throws CompileException {
        List<Cidr> ranges = new ArrayList<>();
        for (int i = 0; i < proto.getInternalAddressConfig().getCidrRangesCount(); i++) {
            ranges.add(Cidr.of(proto.getInternalAddressConfig().getCidrRanges(i), at.item("cidr_ranges", i)));
        }
        return ranges;
    }

    private static StripPort stripPort(HttpConnectionManager proto) {
        if (proto.getStripAnyHostPort()) {
            return StripPort.ANY;
        }
        return proto.getStripMatchingHostPort() ? StripPort.MATCHING : StripPort.NONE;
    }

    private static ClientCertificate clientCertificate(HttpConnectionManager proto, Place at) throws CompileException {
        return switch (proto.getForwardClientCertDetails()) {
            case SANITIZE -> ClientCertificate.SANITIZE;
            case FORWARD_ONLY -> ClientCertificate.FORWARD_ONLY;
            case APPEND_FORWARD -> ClientCertificate.APPEND_FORWARD;
            case SANITIZE_SET -> ClientCertificate.SANITIZE_SET;
            case ALWAYS_FORWARD_ONLY -> ClientCertificate.ALWAYS_FORWARD_ONLY;
            case UNRECOGNIZED -> throw at.field("forward_client_cert_details").refuse("not known");
        };
    }

    private static Set<CertificateDetail> details(HttpConnectionManager proto) {
        var set = proto.getSetCurrentClientCertDetails();
        Set<CertificateDetail> details = EnumSet.noneOf(CertificateDetail.class);
        if (set.getSubject().getValue()) {
            details.add(CertificateDetail.SUBJECT);
        }
        if (set.getCert()) {
            details.add(CertificateDetail.CERT);
        }
        if (set.getChain()) {
            details.add(CertificateDetail.CHAIN);
        }
        if (set.getDns()) {
            details.add(CertificateDetail.DNS);
        }
        if (set.getUri()) {
            details.add(CertificateDetail.URI);
        }
        return details;
    }
}
