package dev.lateen.mesh.translate;

import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.config.core.v3.WatchedDirectory;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.TlsCertificate;

/** Keys and certificates in files of the proxy, which reads them anew when their directory changes. */
final class TlsFiles {
    /** The roots of the machine, where Debian and the images made of it have them. */
    static final String SYSTEM_ROOTS = "/etc/ssl/certs/ca-certificates.crt";

    private TlsFiles() {}

    static TlsCertificate certificate(String chain, String key) {
        return TlsCertificate.newBuilder()
                .setCertificateChain(file(chain))
                .setPrivateKey(file(key))
                .setWatchedDirectory(directory(chain))
                .build();
    }

    /** @param revoked empty for none */
    static CertificateValidationContext trust(
            CertificateValidationContext.Builder expected, String roots, String revoked) {
        expected.setTrustedCa(file(roots)).setWatchedDirectory(directory(roots));
        if (!revoked.isEmpty()) {
            expected.setCrl(file(revoked));
        }
        return expected.build();
    }

    private static DataSource file(String name) {
        return DataSource.newBuilder().setFilename(name).build();
    }

    private static WatchedDirectory directory(String file) {
        int slash = file.lastIndexOf('/');
        return WatchedDirectory.newBuilder()
                .setPath(slash < 0 ? "." : slash == 0 ? "/" : file.substring(0, slash))
                .build();
    }
}
