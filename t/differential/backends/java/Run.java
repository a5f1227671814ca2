import java.util.logging.LogManager;

/** Starts back ends in one process: {@code Run NAME PORT [NAME PORT]...}. */
final class Run {
    public static void main(String[] words) throws Exception {
        LogManager.getLogManager().reset();
        for (int at = 0; at < words.length; at += 2) {
            int port = Integer.parseInt(words[at + 1]);
            if (words[at].equals("tomcat")) TomcatApp.serve(port);
            else JettyApp.serve(port);
        }
        Thread.currentThread().join();
    }
}
