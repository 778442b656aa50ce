package dev.lateen.acceptance.kubernetes;

import io.fabric8.kubernetes.client.Config;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One of the two servers, and how bash calls it. */
final class Side {
    private static final long PATIENCE = 90;

    private final String name;
    private final Path directory;
    private final Path prelude;
    private final Path manifests;
    private final Config config;

    /** An answer: what the command printed, errors after output, and its exit code. */
    record Answer(int code, String text) {}

    /**
     * @param directory a directory of this side alone
     * @param resources where {@code prelude.sh} and {@code manifests} are
     */
    Side(String name, Path directory, String kubeconfig, Path resources) throws IOException {
        this.name = name;
        this.directory = Files.createDirectories(directory);
        this.prelude = resources.resolve("prelude.sh");
        this.manifests = resources.resolve("manifests");
        this.config = Config.fromKubeconfig(kubeconfig);
        config.setClientKeyAlgo("EC");
        Files.writeString(directory.resolve("kubeconfig"), kubeconfig);
        Files.writeString(directory.resolve("curlrc"), curl());
    }

    private String curl() throws IOException {
        StringBuilder lines = new StringBuilder("silent\nglobaloff\nmax-time = 30\n");
        file(lines, "cacert", config.getCaCertData());
        file(lines, "cert", config.getClientCertData());
        file(lines, "key", config.getClientKeyData());
        String token = config.getOauthToken() == null ? config.getAutoOAuthToken() : config.getOauthToken();
        if (token != null) {
            lines.append("header = \"Authorization: Bearer ").append(token).append("\"\n");
        }
        return lines.toString();
    }

    private void file(StringBuilder lines, String option, @Nullable String data) throws IOException {
        if (data != null && !data.isEmpty()) {
            Path file = directory.resolve(option);
            Files.write(file, Base64.getMimeDecoder().decode(data.getBytes(StandardCharsets.UTF_8)));
            lines.append(option).append(" = \"").append(file).append("\"\n");
        }
    }

    Config config() {
        return config;
    }

    String name() {
        return name;
    }

    /** Runs a command with this kubectl and this namespace; at most a minute and a half. */
    Answer run(String command, Path kubectl, String namespace) throws IOException, InterruptedException {
        Path output = directory.resolve("output");
        Path errors = directory.resolve("errors");
        ProcessBuilder builder = new ProcessBuilder(
                        "bash", "-c", ". '" + prelude + "'\n" + command.replace("NAMESPACE", namespace))
                .directory(manifests.toFile())
                .redirectInput(Path.of("/dev/null").toFile())
                .redirectOutput(output.toFile())
                .redirectError(errors.toFile());
        var environment = builder.environment();
        environment.put("PATH", kubectl.getParent() + ":" + environment.get("PATH"));
        environment.put("HOME", directory.toString());
        environment.put("KUBECONFIG", directory.resolve("kubeconfig").toString());
        environment.put("CURL_CONFIG", directory.resolve("curlrc").toString());
        environment.put("SERVER", config.getMasterUrl());
        environment.put("NAMESPACE", namespace);
        Process process = builder.start();
        if (!process.waitFor(PATIENCE, TimeUnit.SECONDS)) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
            return new Answer(-1, "no end within " + PATIENCE + " s");
        }
        return new Answer(process.exitValue(), Files.readString(output) + Files.readString(errors));
    }
}
