package dev.lateen.cli;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.NoSuchAlgorithmException;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/** Which cluster a verb talks to: as kubectl, and a running local cluster where kubectl has none. */
final class ClusterOptions {
    private static final Pattern PKCS8 =
            Pattern.compile("-----BEGIN PRIVATE KEY-----(.*?)-----END PRIVATE KEY-----", Pattern.DOTALL);

    @Option(
            names = {"-c", "--kubeconfig"},
            description = "kubeconfig file")
    String kubeconfig = "";

    @Option(names = "--context", description = "context of the kubeconfig")
    String context = "";

    /** A client of that cluster. It connects when it is first used. */
    KubernetesClient client() throws CommandException {
        Config config = config();
        if (isElliptic(config)) {
            config.setClientKeyAlgo("EC");
        }
        config.setRequestTimeout(10_000);
        config.setConnectionTimeout(5_000);
        config.setRequestRetryBackoffLimit(1);
        return new KubernetesClientBuilder().withConfig(config).build();
    }

    /** Whether the client's key is of an elliptic curve in PKCS 8, which the client library takes for RSA unless told. */
    private static boolean isElliptic(Config config) throws CommandException {
        try {
            String pem = config.getClientKeyData() != null
                    ? new String(Base64.getDecoder().decode(config.getClientKeyData()), StandardCharsets.US_ASCII)
                    : config.getClientKeyFile() == null ? "" : Files.readString(Path.of(config.getClientKeyFile()));
            Matcher body = PKCS8.matcher(pem);
            if (!body.find()) {
                return false;
            }
            var key = new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(body.group(1)));
            try {
                var _ = KeyFactory.getInstance("EC").generatePrivate(key);
                return true;
            } catch (InvalidKeySpecException e) {
                return false;
            }
        } catch (IOException | NoSuchAlgorithmException | IllegalArgumentException e) {
            throw new CommandException("the client key of the kubeconfig cannot be read: " + e.getMessage());
        }
    }

    private Config config() throws CommandException {
        String environment = System.getenv("KUBECONFIG");
        String file = !kubeconfig.isEmpty()
                ? kubeconfig
                : environment == null ? "" : environment.split(":", -1)[0];
        if (file.isEmpty()) {
            Path local = stateDirectory().resolve("default").resolve("kubeconfig");
            if (Files.exists(local)) {
                file = local.toString();
            }
        }
        if (file.isEmpty()) {
            return new ConfigBuilder().build();
        }
        Config config = Config.fromKubeconfig(new File(file));
        if (!context.isEmpty() && config.getContexts().stream().noneMatch(named -> context.equals(named.getName()))) {
            throw new CommandException("the kubeconfig " + file + " has no context " + context);
        }
        return context.isEmpty() ? config : Config.autoConfigure(context);
    }

    /** Where local clusters keep what they have. */
    static Path stateDirectory() {
        String state = System.getenv("XDG_STATE_HOME");
        Path base = state == null || state.isEmpty()
                ? Path.of(System.getProperty("user.home"), ".local", "state")
                : Path.of(state);
        return base.resolve("lateen");
    }
}
