package dev.lateen.cli;

import dev.lateen.ops.OperationException;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code lateen proxy-config log}: how much one proxy logs, ours or Envoy; flags are those of istioctl. */
@Command(name = "log", description = "Show, or change, how much a proxy logs.")
final class ProxyLogCommand implements Callable<Integer> {
    /** As a proxy starts. */
    private static final String DEFAULT = "warning";

    @Option(
            names = "--level",
            split = ",",
            description = "LEVEL for all, or LOGGER:LEVEL: trace, debug, info, warning, error, critical, off")
    List<String> levels = new ArrayList<>();

    @Option(
            names = {"-r", "--reset"},
            description = "back to " + DEFAULT + " for all")
    boolean reset;

    @Mixin
    ProxyPod pod = new ProxyPod();

    @Override
    public Integer call() throws IOException, CommandException, OperationException {
        List<String> wishes = new ArrayList<>(reset ? List.of(DEFAULT) : List.of());
        wishes.addAll(levels);
        String answer = pod.text("POST", "/logging");
        for (String wish : wishes) {
            int colon = wish.lastIndexOf(':');
            String logger = colon < 0 ? "level" : wish.substring(0, colon);
            answer = pod.text("POST", "/logging?" + encoded(logger) + "=" + encoded(wish.substring(colon + 1)));
        }
        System.out.print(answer);
        return 0;
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
