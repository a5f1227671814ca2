# Starts back ends in one process, each on Puma: `ruby run.rb NAME PORT [NAME PORT]...`.

require 'puma'
require 'puma/server'
require_relative 'rack_app'
require_relative 'sinatra_app'
require_relative 'rubyxml_app'

APPS = { 'rack' => RACK, 'sinatra' => SinatraApp, 'rubyxml' => XML }.freeze
servers = ARGV.each_slice(2).map do |name, port|
  server = Puma::Server.new(APPS.fetch(name), Puma::Events.strings, min_threads: 1, max_threads: 2)
  server.add_tcp_listener('127.0.0.1', port.to_i)
  server.run
end
servers.each(&:join)
