package dev.lateen.proxycore.listener;

import dev.lateen.proxycore.listener.HeaderRules.CertificateDetail;
import dev.lateen.proxycore.tls.PeerCertificate;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The element that a proxy adds to {@code x-forwarded-client-cert} (Envoy documentation, HTTP header manipulation). */
final class ClientCertificateField {
    private ClientCertificateField() {}

    /** @param own the URI of this proxy's own certificate; null when it is not known */
    static String of(PeerCertificate peer, @Nullable String own, Set<CertificateDetail> details) {
        List<String> parts = new ArrayList<>();
        if (own != null) {
            parts.add("By=" + own);
        }
        parts.add("Hash=" + peer.sha256());
        if (details.contains(CertificateDetail.CERT)) {
            parts.add("Cert=\"" + encoded(peer.certificate()) + "\"");
        }
        if (details.contains(CertificateDetail.CHAIN)) {
            parts.add("Chain=\"" + encoded(peer.chain()) + "\"");
        }
        if (details.contains(CertificateDetail.SUBJECT)) {
            parts.add("Subject=\"" + peer.subject().replace("\\", "\\\\").replace("\"", "\\\"") + "\"");
        }
        if (details.contains(CertificateDetail.URI)) {
            if (peer.uris().isEmpty()) {
                parts.add("URI=");
            }
            peer.uris().forEach(uri -> parts.add("URI=" + uri));
        }
        if (details.contains(CertificateDetail.DNS)) {
            peer.dnsNames().forEach(name -> parts.add("DNS=" + name));
        }
        return String.join(";", parts);
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
