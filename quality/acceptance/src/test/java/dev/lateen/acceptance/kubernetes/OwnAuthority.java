package dev.lateen.acceptance.kubernetes;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * An authority of somebody's own, {@code O=next}, by openssl.
 *
 * @param certificate PEM in Base64, as Secrets have it
 * @param key the same
 */
record OwnAuthority(String certificate, String key) {
    private static final String SECRET = """
            apiVersion: v1
            kind: Secret
            metadata: {name: %s, namespace: %s}
            type: %s
            data: {%s: %s, %s: %s}
            """;

    static OwnAuthority make(Path directory) throws IOException, InterruptedException {
        Path certificate = directory.resolve("certificate.pem");
        Path key = directory.resolve("key.pem");
        List<String> command = new ArrayList<>(
                List.of("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /O=next"
                        .split(" ", -1)));
        command.addAll(List.of("-keyout", key.toString(), "-out", certificate.toString()));
        Process openssl = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        if (openssl.waitFor() != 0) {
            throw new IOException("openssl made no certificate");
        }
        return new OwnAuthority(base64(certificate), base64(key));
    }

    private static String base64(Path file) throws IOException {
        return Base64.getEncoder().encodeToString(Files.readAllBytes(file));
    }

    /** As the mesh's authority, in a Secret. */
    String pluggedIn(String namespace) {
        return SECRET.formatted("cacerts", namespace, "Opaque", "ca-cert.pem", certificate, "ca-key.pem", key);
    }

    /** As a server's certificate, in a Secret. */
    String ofServer(String name, String namespace) {
        return SECRET.formatted(name, namespace, "kubernetes.io/tls", "tls.crt", certificate, "tls.key", key);
    }
}
