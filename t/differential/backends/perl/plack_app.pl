# Plack on its own server: `perl plack_app.pl PORT`.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Plack::Loader;
use Plack::Request;
use Report;

my $app = sub {
    my $req = Plack::Request->new(shift);
    my $report = Report->new;
    $report->body($req->content);
    $report->add('query', '', $req->query_parameters->as_hashref_multi);
    my $place = ($req->content_type // '') =~ m{^multipart/}i ? 'multipart' : 'form';
    eval { $report->add($place, '', $req->body_parameters->as_hashref_multi) };
    my $uploads = eval { $req->uploads } || {};
    for my $name (keys %$uploads) {
        for my $file ($uploads->get_all($name)) {
            open my $handle, '<:raw', $file->path or next;
            $report->add('file', $name, do { local $/; <$handle> });
            $report->add('filename', $name, $file->filename);
        }
    }
    $report->add('cookie', '', $req->cookies);
    $report->path($req->path_info);
    $req->headers->scan(sub { $report->header(@_) });
    my ($user, $password) = eval { $req->headers->authorization_basic };
    $report->add('basic_user', '', $user);
    $report->add('basic_password', '', $password);
    return [200, ['Content-Type' => 'application/json'], [$report->text]];
};

Plack::Loader->load('Standalone', host => '127.0.0.1', port => $ARGV[0])->run($app);
